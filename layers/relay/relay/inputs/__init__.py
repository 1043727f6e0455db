"""Inputs: the prefixes under which they lie, and what each prefix adds to a request."""

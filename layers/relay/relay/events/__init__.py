"""Readers of external events: the only modules that see raw dicts."""

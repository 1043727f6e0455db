"""Endpoints: their fleets, and how these are created, updated and deleted."""

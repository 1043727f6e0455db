"""Backfills: requests for objects that exist already."""

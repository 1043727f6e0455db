"""The backfill function: objects that exist become requests, as fast as the endpoint infers."""

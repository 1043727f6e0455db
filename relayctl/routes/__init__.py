"""Commands about the routes of results."""

"""Commands that stop and start the flow of requests and results."""

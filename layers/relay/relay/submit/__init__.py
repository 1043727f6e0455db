"""The submit function: requests become attempts at the endpoint."""

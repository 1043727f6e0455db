"""Commands about the endpoint: what it is, and rolling models out and back."""

"""Commands about requests: what became of them, and sending more."""

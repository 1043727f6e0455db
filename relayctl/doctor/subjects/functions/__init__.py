"""The functions: what they are, what invokes them, and who may."""

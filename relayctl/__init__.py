"""The command line of the relay: looks at a deployed stack, and operates it."""

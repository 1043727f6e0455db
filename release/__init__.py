"""What a release consists of, and the commands that build it."""

"""What is looked at, by subject: how it is read, what a difference means, what restores it."""

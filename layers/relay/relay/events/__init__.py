"""What comes from outside, read once: the only readers of raw dicts."""

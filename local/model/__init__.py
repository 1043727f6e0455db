"""A real model on real data, small enough to train while a stack starts."""

"""The route function: notifications become results on their targets."""

"""What the local stack needs of this machine: processes, signals, locks and ports."""

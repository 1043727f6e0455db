"""Rules on what resources of every type have: references, names, numbers, partitions."""

"""The recorded run of the benchmark, and what the pages show of it."""

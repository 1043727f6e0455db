"""What a backfill costs and how fast it sends, against stubs: `python -m benchmarks.backfill`."""

"""Application Auto Scaling: its API, the metrics, and the alarms that scale."""

"""Rules on alarms, dashboards and the metrics that they name."""

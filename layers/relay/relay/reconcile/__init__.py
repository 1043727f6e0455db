"""The reconcile function: overdue attempts, and the status of requests."""

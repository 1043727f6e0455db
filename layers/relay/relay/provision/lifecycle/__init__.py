"""The endpoint's life: one idempotent state machine over DescribeEndpoint."""

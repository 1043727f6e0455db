"""Rules on policies: of roles, topics, queues and buckets."""

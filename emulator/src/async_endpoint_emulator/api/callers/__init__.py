"""Who calls: where a request comes from, its signature, and what its caller may do."""

"""What a change of the endpoint that ends badly says: tables of texts, and nothing else."""

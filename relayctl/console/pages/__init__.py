"""One module for each page: what it shows, and what its buttons do."""

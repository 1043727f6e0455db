"""What the pages show, read from AWS with the person's permissions."""

"""Many uploads through a local stack: what chaos and soak have in common."""

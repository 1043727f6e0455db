"""Many uploads in one run: none lost, none doubled, and the last as fast as the first."""

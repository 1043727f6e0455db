"""Many uploads while all that can go wrong does: each must still end in exactly one result."""

"""`console`: a page on this machine that shows a stack and operates it."""

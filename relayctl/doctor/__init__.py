"""`doctor`: compares a deployed stack with its template, and looks at what works in it."""

"""Routes: reads, checks, compiles and evaluates the route document."""

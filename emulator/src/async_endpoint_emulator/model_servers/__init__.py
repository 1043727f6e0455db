"""Model servers: child processes or containers, their connections, their logs and their end."""

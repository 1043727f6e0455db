"""Route documents of the template and of parameters, checked as `relayctl routes check` does."""

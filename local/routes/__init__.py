"""Route documents without a deployment: checked, and tried on results."""

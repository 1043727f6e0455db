"""Adapters: the only place that knows boto3. One small class for each service."""

"""Requests: their queue, how an instance answers them, and what they leave in S3 and SNS."""

"""Requests: the queue, the model servers, and what they leave in S3 and SNS."""

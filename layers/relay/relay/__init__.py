"""Async Inference Relay: from uploads to exactly one result each, through a SageMaker endpoint."""

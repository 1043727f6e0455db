"""Async Inference Relay: from uploads to exactly one result each, through a SageMaker endpoint.

submit       submission: claiming, succession, waiting        reads events, calls
route        routing: trust, decisions, backoff               reads events, notifications, objects
reconcile    reconciliation, status                           reads actions
provision    provisioning/

routes/      the document that says where results go; result and answer are what goes there
aws/         the adapters behind ports; bootstrap puts them together, telemetry reports
the rest     nouns (model, attempts, s3uri), rules (ids, limits, failures), reading (fields, settings)
"""

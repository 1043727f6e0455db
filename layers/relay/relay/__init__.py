"""Async Inference Relay: from uploads to exactly one result each, through a SageMaker endpoint.

For each function a use case, and what only it needs:

    submit       submission: claiming, succession, waiting; reads events and calls
    route        routing: trust, decisions, backoff; reads events and S3's objects
    reconcile    reconciliation, status; reads actions
    provision    provisioning/

For all of them: routes/ says where results go, result and answer are what goes there, aws/ has the
adapters behind ports, bootstrap puts them together, and telemetry reports.
"""

"""Async Inference Relay: from uploads to exactly one result each, through a SageMaker endpoint.

Each function has a package of its own name: submit/, route/, reconcile/, provision/.

All of them share events/ (the only readers of what comes from outside), routes/ (the language of
routes), aws/ (the adapters behind the ports, and the only place that imports boto3), the model and
its ports. bootstrap puts a function together. Each job and each notification gets one of
the dispositions; conclude folds them into the report, which telemetry logs and counts.
"""

"""Async Inference Relay: each upload becomes one asynchronous inference and exactly one result.

Each function has a package of the same name: submit/, route/, reconcile/, provision/.

The functions share events/ (the only readers of external JSON), routes/ (the route document), aws/
(the adapters behind the ports, and the only place that imports boto3), the model and its ports.
bootstrap composes a function. Each job and each notification gets exactly one disposition; conclude
folds the dispositions into the report, which telemetry logs and counts.
"""

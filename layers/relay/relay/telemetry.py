"""Logger and metrics of the functions. Imported by `app.py` files only.

Logs carry ids and locations, never payloads: no body, no custom attributes, no model answer.
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["Logger", "MetricUnit", "Metrics"]

"""What is measured of one request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.sagemaker.metrics import Metrics
from local.sagemaker.queueing import Request


@dataclass(frozen=True, slots=True)
class RequestMetrics:
    """The metrics with the dimensions EndpointName and VariantName."""

    metrics: Metrics
    request: Request
    variant: str
    _began: float = field(default_factory=time.monotonic)

    def count(self, name: str, value: float = 1.0) -> None:
        self.metrics.count(name, self.request.endpoint_name, self.variant, value)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """In microseconds; nothing is recorded of what failed."""
        began = time.monotonic()
        yield
        self.count(name, (time.monotonic() - began) * 1_000_000)

    def taken(self) -> None:
        """An instance begins to work on it."""
        waited = datetime.now(UTC) - self.request.received
        self.count("TimeInBacklog", waited.total_seconds() * 1000)

    def answered(self) -> None:
        """The model has answered well."""
        self._errors(0, 0)

    def failed(self, model_status: int | None) -> None:
        """It ends as Failed; None when the model is not to blame."""
        self.count("InvocationFailures")
        if model_status is not None:
            client = 300 <= model_status < 500
            self._errors(int(client), int(not client))

    def done(self) -> None:
        """Its notification has been sent."""
        self.count("InvocationsProcessed")
        age = datetime.now(UTC) - self.request.received
        self.count("TotalProcessingTime", age.total_seconds() * 1000)

    def _errors(self, client: int, server: int) -> None:
        # 0 as well, so that the average is a rate.
        self.count("Invocation4XXErrors", client)
        self.count("Invocation5XXErrors", server)

"""Logs and metrics of all functions. Imported by `app.py` files only.

Logs have ids, locations and reasons, never payloads: no body, no custom attributes, no response of
the model. There is one line for a batch, and one for each event that an operator may investigate.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from relay.delivery.report import Count, Note, Report

__all__ = ["Metrics", "Telemetry", "new_logger"]


def new_logger(level: str) -> Logger:
    """Return a logger with a minimum level.

    Its lines have no code location: this module writes all of them.
    """
    logger = Logger(location=None)
    # Not by Powertools, which prefers AWS_LAMBDA_LOG_LEVEL to any other level. That is the level of
    # Lambda's filter, which stays at INFO or DEBUG: metrics would not pass a higher one.
    # https://docs.aws.amazon.com/powertools/python/latest/core/logger/#aws-lambda-advanced-logging-controls-alc
    logging.getLogger(logger.name).setLevel(level)
    return logger


class Telemetry:
    """The log and the metrics of a function. `counted` returns the metrics of a line of the log."""

    def __init__(
        self,
        logger: Logger,
        metrics: Metrics | None = None,
        counted: Callable[[Note], Mapping[str, int]] | None = None,
    ) -> None:
        self.logger = logger
        self._metrics = metrics or Metrics()
        self._counted = counted
        self._counts: Counter[str] = Counter()

    def write(self, note: Note) -> None:
        """Log a note at once; `flush` publishes what it counts."""
        log = getattr(self.logger, note.level.value)
        log(note.text, extra=dict(note.fields))
        if self._counted:
            self._counts.update(self._counted(note))

    def write_report(self, report: Report, deliveries: int) -> None:
        """Log and count the report of an invocation, and publish the metrics."""
        for note in report.notes:
            self.write(note)
        self._counts.update({str(name): number for name, number in report.counts.items()})
        self.logger.info("batch", extra={"deliveries": deliveries, **self._counts})
        if report.minutes_behind is not None:
            self._counts[str(Count.MINUTES_BEHIND)] = report.minutes_behind
        if report.oldest_returned_seconds is not None:
            self._counts[str(Count.OLDEST_RETURNED)] = report.oldest_returned_seconds
        self.flush()

    def flush(self) -> None:
        """Publish the counts since the last flush, if any."""
        counts, self._counts = self._counts, Counter()
        for name, number in counts.items():
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
        if counts:
            self._metrics.flush_metrics()

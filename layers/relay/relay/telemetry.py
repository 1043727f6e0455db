"""Logger and metrics of the functions. Imported by `app.py` files only.

Logs carry ids, locations and reasons, never payloads: no body, no custom attributes, no answer of
the model. One line for a batch, and one for each thing that a person may want to look into.
"""

import logging

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from relay.report import Level, Note, Report

__all__ = ["Journal", "Metrics", "new_logger", "tell"]


def new_logger(level: str) -> Logger:
    """Return a logger that leaves out what is below `level`.

    Its lines name no place in the code: all of them are written in this module.
    """
    logger = Logger(location=None)
    # Not by Powertools, which prefers AWS_LAMBDA_LOG_LEVEL to any level that it is given: that is
    # Lambda's own filter, and stays at INFO or DEBUG, because metrics would not pass a higher one.
    # https://docs.aws.amazon.com/powertools/python/latest/core/logger/#aws-lambda-advanced-logging-controls-alc
    logging.getLogger(logger.name).setLevel(level)
    return logger


def tell(report: Report, deliveries: int, logger: Logger, metrics: Metrics) -> None:
    """Logs and counts what was done with a batch of so many deliveries."""
    for note in report.notes:
        _write(note, logger)
    counts = {str(name): number for name, number in report.counts.items()}
    logger.info("batch", extra={"deliveries": deliveries, **counts})
    if report.minutes_behind is not None:
        counts["MinutesBehind"] = report.minutes_behind
    if counts:
        for name, number in counts.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
        metrics.flush_metrics()


class Journal:
    """Logs notes as they come and counts them when the work is done: `Steps`, of them `Alarms`."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._levels: list[Level] = []

    def __call__(self, note: Note) -> None:
        _write(note, self._logger)
        self._levels.append(note.level)

    def flush(self) -> None:
        """Counts what came since the last time; nothing where nothing came."""
        levels, self._levels = self._levels, []
        if levels:
            alarms = sum(level in (Level.WARNING, Level.ERROR) for level in levels)
            self._metrics.add_metric(name="Steps", unit=MetricUnit.Count, value=len(levels))
            self._metrics.add_metric(name="Alarms", unit=MetricUnit.Count, value=alarms)
            self._metrics.flush_metrics()


def _write(note: Note, logger: Logger) -> None:
    fields = dict(note.fields)
    match note.level:
        case Level.DEBUG:
            logger.debug(note.text, extra=fields)
        case Level.INFO:
            logger.info(note.text, extra=fields)
        case Level.WARNING:
            logger.warning(note.text, extra=fields)
        case Level.ERROR:
            logger.error(note.text, extra=fields)

"""The metrics of provision. Each counts lines of its log, which has one for every step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relay.delivery.report import Level, Note


@dataclass(frozen=True, slots=True)
class LogMetric:
    """A metric by name; `meaning` is its text in docs/reference/metrics.md."""

    name: str
    meaning: str
    counts: Callable[[Note], bool]


METRICS: Final = (
    LogMetric("LogLines", "log lines about steps of provision", lambda note: True),
    LogMetric(
        "Errors",
        "warnings and errors among these log lines",
        lambda note: note.level in (Level.WARNING, Level.ERROR),
    ),
)


def counted(note: Note) -> dict[str, int]:
    """Return the value of each metric for a line, also of those that do not count it."""
    return {metric.name: int(metric.counts(note)) for metric in METRICS}

"""What is uploaded: the held-out rows, as often as wanted, each under a key of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Keys that a careless consumer decodes wrongly: they come form-encoded in S3's events.
_NAMES = (
    "row {n:03}.csv",
    "1+1=2, row {n:03}.csv",
    "größe/größe {n:03} & més.csv",
    "行 {n:03}/入力+データ.csv",
    "100%25 {n:03}.csv",
    "plain-{n:03}.csv",
)


class Kind(StrEnum):
    """Why an input is uploaded."""

    EARLY = "uploaded before the endpoint was in service"
    DELETED = "deleted before it was read"
    ROW = "held-out row"
    REFUSED = "refused by the model (400)"
    TOO_LONG = "S3 URI of more than 1,024 characters"


@dataclass(frozen=True, slots=True)
class Row:
    """A row that the model never saw: its features as CSV, what the model says, and the truth."""

    csv: bytes
    prediction: float
    label: str


@dataclass(frozen=True, slots=True)
class Input:
    """One upload. `prediction` is the model's own, made without the pipeline; None without one."""

    kind: Kind
    key: str
    body: bytes
    outcome: str
    prediction: float | None = None
    label: str = ""


def row_inputs(rows: Iterable[Row]) -> Iterator[Input]:
    """One CSV row each, under keys with spaces, plus signs, percent signs and non-ASCII letters."""
    for n, row in enumerate(rows, start=1):
        key = "inputs/" + _NAMES[n % len(_NAMES)].format(n=n)
        yield Input(Kind.ROW, key, row.csv, "completed", row.prediction, row.label)

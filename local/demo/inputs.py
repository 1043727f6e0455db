"""What the demo uploads, and which outcome each upload must have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

# SageMaker takes at most 1,024 characters of S3 URI; S3 itself takes keys of 1,024 bytes.
_LONGEST_KEY = 1024

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
    """Why an input is part of the demo."""

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


def early_input(row: Row) -> Input:
    return Input(
        Kind.EARLY, "inputs/early bird.csv", row.csv, "completed", row.prediction, row.label
    )


def deleted_input(row: Row) -> Input:
    return Input(Kind.DELETED, "inputs/deleted again.csv", row.csv, "failed")


def refused_inputs(count: int) -> Iterator[Input]:
    """Text where the model expects numbers."""
    for n in range(1, count + 1):
        yield Input(Kind.REFUSED, f"inputs/not numbers {n}.csv", b"these,are,not,numbers", "failed")


def too_long_input(row: Row) -> Input:
    """S3 stores it, but no request can name it."""
    stem = "inputs/a long name "
    key = stem + "x" * (_LONGEST_KEY - len(stem) - len(".csv")) + ".csv"
    return Input(Kind.TOO_LONG, key, row.csv, "rejected")


def excerpt(inputs: Sequence[Input], rows: int = 6) -> list[Input]:
    """A readable choice: everything that is special, and a few ordinary rows."""
    ordinary = [item for item in inputs if item.kind is Kind.ROW]
    refused = [item for item in inputs if item.kind is Kind.REFUSED]
    special = [item for item in inputs if item.kind not in (Kind.ROW, Kind.REFUSED)]
    return [*ordinary[:rows], *special, *refused[:1]]

"""What the demo uploads beside ordinary rows, and which outcome each upload must have."""

from collections.abc import Iterator, Sequence

from local.load.inputs import Input, Kind, Row

# SageMaker takes at most 1,024 characters of S3 URI; S3 itself takes keys of 1,024 bytes.
_LONGEST_KEY = 1024


def early_input(row: Row) -> Input:
    key = "inputs/early bird.csv"
    return Input(Kind.EARLY, key, row.csv, "completed", row.prediction, row.label)


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

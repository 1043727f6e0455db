"""The Breast Cancer Wisconsin (Diagnostic) data, split once and for all. See ATTRIBUTION.md."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("breast_cancer.csv")
_TRAINING_ROWS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """Thirty measurements of a sample, and whether it was malignant."""

    features: tuple[float, ...]
    malignant: bool

    def to_csv(self) -> str:
        """The features as the model's container reads them, without a line end."""
        return ",".join(repr(value) for value in self.features)


def training_rows() -> list[Row]:
    """The 300 rows that the model learns from."""
    return _shuffled()[:_TRAINING_ROWS]


def held_out_rows() -> list[Row]:
    """The 269 rows that the model has never seen: inputs for demos, with their true labels."""
    return _shuffled()[_TRAINING_ROWS:]


def _shuffled() -> list[Row]:
    with _FILE.open(newline="") as file:
        lines = list(csv.reader(file))[1:]
    # By hash: the same order on every Python, and independent of the file's order.
    lines.sort(key=lambda line: hashlib.sha256(",".join(line).encode()).digest())
    return [Row(tuple(map(float, line[:-1])), line[-1] == "malignant") for line in lines]

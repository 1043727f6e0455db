"""What is uploaded: rows that the model has never seen, and the model itself."""

from pathlib import Path

from local.model.data import Row, held_out_rows, training_rows

ROWS: tuple[Row, ...] = tuple(held_out_rows())
ROW = ROWS[0]
GOOD, BAD = ROW.to_csv(), "not,a,number"


def train_model(directory: Path) -> Path:
    """A model.tar.gz as SageMaker's XGBoost image takes it; the same data give the same bytes."""
    # Imported here: the model's libraries are large, and tests of a deployed stack need none.
    from local.model.training import pack, train

    return pack(train(training_rows()), directory)

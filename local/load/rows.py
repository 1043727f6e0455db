"""As many inputs as wanted: the held-out rows again and again, each under a key of its own."""

from itertools import cycle, islice
from pathlib import Path

from local.demo.inputs import Input, row_inputs
from local.demo.rows import held_out_rows
from local.model import data


def many_inputs(model: Path, bucket: str, count: int) -> dict[str, Input]:
    """Inputs by their S3 URI, with what that model.tar.gz itself predicts."""
    rows = held_out_rows(model, len(data.held_out_rows()))
    return {f"s3://{bucket}/{item.key}": item for item in row_inputs(islice(cycle(rows), count))}

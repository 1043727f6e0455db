"""Real rows that the model was not trained on, with the model's own predictions."""

import tarfile
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import xgboost

from local.load.inputs import Input, Row, row_inputs
from local.model import data
from local.model.training import MEMBER


def held_out_rows(archive: Path) -> list[Row]:
    """Every held-out row, predicted by the model in that model.tar.gz."""
    rows = data.held_out_rows()
    features = np.array([row.features for row in rows], dtype=np.float32)
    predictions = _model(archive).inplace_predict(features)
    return [
        Row(row.to_csv().encode(), float(prediction), "malignant" if row.malignant else "benign")
        for row, prediction in zip(rows, predictions, strict=True)
    ]


def many_inputs(model: Path, bucket: str, count: int) -> dict[str, Input]:
    """Inputs by their S3 URI: the held-out rows again and again."""
    rows = islice(cycle(held_out_rows(model)), count)
    return {f"s3://{bucket}/{item.key}": item for item in row_inputs(rows)}


def _model(archive: Path) -> xgboost.Booster:
    with tarfile.open(archive) as members:
        content = members.extractfile(MEMBER)
        if content is None:
            raise ValueError(f"{archive} holds no {MEMBER}")
        return xgboost.Booster(model_file=bytearray(content.read()))

"""Trains the model and packs it as SageMaker expects it."""

import gzip
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xgboost

from local.model.data import Row

MEMBER = "xgboost-model"
_ROUNDS = 60
_PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 3,
    "eta": 0.2,
    "subsample": 0.9,
    "seed": 7,
    "nthread": 1,  # one thread, so that sums come out the same everywhere
}


def train(rows: Sequence[Row]) -> xgboost.Booster:
    """A booster that answers the probability of malignancy. The same rows give the same model."""
    return xgboost.train(_PARAMETERS, _matrix(rows), num_boost_round=_ROUNDS)


def accuracy(booster: xgboost.Booster, rows: Sequence[Row]) -> float:
    """The share of rows that the booster classifies correctly."""
    scores = booster.predict(_matrix(rows))
    correct: int = sum(
        (score > 0.5) == row.malignant for score, row in zip(scores, rows, strict=True)
    )
    return correct / len(rows)


def pack(booster: xgboost.Booster, directory: Path) -> Path:
    """Writes `model.tar.gz` with one member, `xgboost-model`. Byte for byte repeatable."""
    content = bytes(booster.save_raw("ubj"))
    member = tarfile.TarInfo(MEMBER)
    member.size = len(content)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "model.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        archive.addfile(member, io.BytesIO(content))
    return path


def _matrix(rows: Sequence[Row]) -> xgboost.DMatrix:
    features = np.array([row.features for row in rows], dtype=np.float32)
    labels = np.array([row.malignant for row in rows], dtype=np.float32)
    return xgboost.DMatrix(features, label=labels, nthread=1)

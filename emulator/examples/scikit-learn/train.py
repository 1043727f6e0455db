"""Train a classifier of irises, and write it to the given directory."""

import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def train(directory: Path) -> None:
    measurements, species = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(measurements, species)
    joblib.dump(model, directory / "model.joblib")


if __name__ == "__main__":
    train(Path(sys.argv[1]))

"""Stands for the SageMaker XGBoost image: a real Booster behind /invocations.

Reads rows of numbers as text/csv or application/json (`[[...], ...]` or
`{"instances": [[...], ...]}`); answers one score for each row, as text/csv (a line each) or
application/json (`{"predictions": [{"score": ...}]}`, the image's own form).
"""

import json
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from local.containers.serving import Invocation, Model, Reply, model_directory, serve

MODEL_FILE = "xgboost-model"
CSV = "text/csv"
JSON = "application/json"

Rows = list[list[float]]


class BadInput(Exception):
    """The request cannot be understood. The message says what is wrong and where."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def load(directory: Path) -> xgboost.Booster:
    """The model in `directory`; works on one thread for each request."""
    path = directory / MODEL_FILE
    booster = xgboost.Booster(model_file=bytearray(path.read_bytes()))
    booster.set_param({"nthread": 1})
    return booster


def scorer(booster: xgboost.Booster) -> Model:
    """Answers invocations with the booster's scores."""
    columns = booster.num_features()

    def answer(invocation: Invocation) -> Reply:
        try:
            accept = negotiate(invocation.accept)
            rows = parse(invocation.body, invocation.content_type, columns)
        except BadInput as exc:
            return Reply(str(exc).encode(), "text/plain", exc.status)
        scores = booster.inplace_predict(np.asarray(rows, dtype=np.float32))
        return Reply(render([float(score) for score in scores], accept), accept)

    return answer


def negotiate(accept: str) -> str:
    """CSV or JSON; CSV when the caller does not mind."""
    wanted = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for each in wanted:
        if each in (CSV, "text/*", "*/*", ""):
            return CSV
        if each in (JSON, "application/*"):
            return JSON
    raise BadInput(f"Accept {accept!r} is not supported; use {CSV} or {JSON}", 406)


def parse(body: bytes, content_type: str, columns: int) -> Rows:
    """The rows of a request, each of `columns` finite numbers (an empty CSV cell is missing)."""
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise BadInput(f"the body is not UTF-8: {exc}") from exc
    kind = content_type.split(";")[0].strip().lower()
    if kind in (CSV, ""):
        rows = _parse_csv(text)
    elif kind == JSON:
        rows = _parse_json(text)
    else:
        raise BadInput(f"Content-Type {content_type!r} is not supported; use {CSV} or {JSON}", 415)
    if not rows:
        raise BadInput("the body has no rows")
    for number, row in enumerate(rows, 1):
        if len(row) != columns:
            raise BadInput(f"row {number} has {len(row)} values, the model needs {columns}")
    return rows


def render(scores: Sequence[float], accept: str) -> bytes:
    """One score for each row."""
    if accept == JSON:
        return json.dumps({"predictions": [{"score": score} for score in scores]}).encode()
    return "".join(f"{score}\n" for score in scores).encode()


def _parse_csv(text: str) -> Rows:
    lines = [line for line in text.splitlines() if line.strip()]
    return [
        [
            _number(cell, row, column) if cell.strip() else float("nan")
            for column, cell in enumerate(line.split(","), 1)
        ]
        for row, line in enumerate(lines, 1)
    ]


def _parse_json(text: str) -> Rows:
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise BadInput(f"the body is not JSON: {exc}") from exc
    rows = document.get("instances") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise BadInput('the body must be a list of rows or {"instances": [rows]}')
    if rows and not isinstance(rows[0], list):
        rows = [rows]  # a single row
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list):
            raise BadInput(f"row {number} is not a list of numbers")
    return [
        [_number(cell, number, column) for column, cell in enumerate(row, 1)]
        for number, row in enumerate(rows, 1)
    ]


def _number(value: Any, row: int, column: int) -> float:
    try:
        number = float("nan") if isinstance(value, bool | list | dict) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise BadInput(f"row {row}, column {column}: {value!r} is not a number")
    return number


def main() -> int:
    directory = model_directory()
    try:
        booster = load(directory)
    except (OSError, xgboost.core.XGBoostError) as exc:
        print(f"cannot load {directory / MODEL_FILE}: {exc}", file=sys.stderr)
        return 1
    serve(scorer(booster))
    return 0


if __name__ == "__main__":
    sys.exit(main())

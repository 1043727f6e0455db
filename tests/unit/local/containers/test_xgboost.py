"""What the XGBoost container accepts, refuses and answers."""

import json
from typing import Any

import pytest

from local.containers.serving import Invocation, Reply
from local.containers.xgboost import scorer
from local.model.data import held_out_rows, training_rows
from local.model.training import train


@pytest.fixture(scope="module")
def model() -> Any:
    return scorer(train(training_rows()))


def invoke(model: Any, body: bytes, content_type: str = "text/csv", accept: str = "") -> Reply:
    reply: Reply = model(Invocation(body, content_type, accept, "", ""))
    return reply


def test_rows_of_csv_get_a_line_each(model: Any) -> None:
    rows = held_out_rows()[:5]

    reply = invoke(model, "\n".join(row.to_csv() for row in rows).encode() + b"\n\n")

    scores = [float(line) for line in reply.body.decode().splitlines()]
    assert (reply.status, reply.content_type) == (200, "text/csv")
    assert [score > 0.5 for score in scores] == [row.malignant for row in rows]


def test_json_gets_the_same_scores_as_csv(model: Any) -> None:
    rows = held_out_rows()[:2]
    instances = [list(row.features) for row in rows]

    as_csv = invoke(model, "\n".join(row.to_csv() for row in rows).encode())
    as_json = invoke(
        model,
        json.dumps({"instances": instances}).encode(),
        "application/json; charset=utf-8",
        "application/json",
    )

    predictions = json.loads(as_json.body)["predictions"]
    assert as_json.content_type == "application/json"
    assert [each["score"] for each in predictions] == [float(x) for x in as_csv.body.split()]


def test_a_missing_cell_is_a_missing_value(model: Any) -> None:
    row = held_out_rows()[0].to_csv().split(",")

    reply = invoke(model, ",".join(["", *row[1:]]).encode())

    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status", "words"),
    [
        (b"1,2,3", "text/csv", "", 400, "row 1 has 3 values, the model needs 30"),
        (b"1,x", "text/csv", "", 400, "row 1, column 2: 'x' is not a number"),
        (b"1,nan", "text/csv", "", 400, "row 1, column 2: 'nan' is not a number"),
        (b"", "text/csv", "", 400, "the body has no rows"),
        (b"\xff", "text/csv", "", 400, "the body is not UTF-8"),
        (b"{", "application/json", "", 400, "the body is not JSON"),
        (b"{}", "application/json", "", 400, "must be a list of rows"),
        (b"[[1], 2]", "application/json", "", 400, "row 2 is not a list"),
        (b"[[true]]", "application/json", "", 400, "row 1, column 1: True is not a number"),
        (b"1", "image/png", "", 415, "Content-Type 'image/png' is not supported"),
        (b"1", "text/csv", "image/png", 406, "Accept 'image/png' is not supported"),
    ],
)
def test_malformed_input_is_refused_with_what_is_wrong(
    model: Any, body: bytes, content_type: str, accept: str, status: int, words: str
) -> None:
    reply = invoke(model, body, content_type, accept)

    assert reply.status == status
    assert words in reply.body.decode()

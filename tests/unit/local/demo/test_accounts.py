"""Results held against inputs."""

from dataclasses import replace

import pytest

from local.demo.accounts import settle
from local.demo.inputs import Input, Kind
from local.demo.results import Result

_URI = "s3://bucket/inputs/1+1=2, row 001.csv"
_OUTPUT = "s3://bucket/outputs/1.out"

_INPUT = Input(Kind.ROW, "inputs/1+1=2, row 001.csv", b"1,2", "completed", 0.25, "benign")
_RESULT = Result(
    id="1",
    type="relay.inference.completed",
    outcome="completed",
    subject=_URI,
    output_location=_OUTPUT,
    reason="",
    queue="CompletedQueue",
)


def test_one_right_result_for_each_input_is_no_problem() -> None:
    account = settle({_URI: _INPUT}, [_RESULT], {_OUTPUT: "0.25\n"})

    assert account.problems == ()
    assert account.summary(12.4) == (
        "demo: uploaded=1 completed=1 failed=0 rejected=0 lost=0 duplicated=0 seconds=12"
    )


def test_an_input_without_result_is_lost() -> None:
    account = settle({_URI: _INPUT}, [], {})

    assert account.lost == (_URI,)
    assert account.problems == (f"no result came for {_URI}",)


def test_each_result_after_the_first_is_duplicated_and_counts_no_outcome() -> None:
    account = settle({_URI: _INPUT}, [_RESULT, _RESULT, _RESULT], {_OUTPUT: "0.25"})

    assert account.duplicated == (_URI, _URI)
    assert account.outcomes == {"completed": 1}
    assert len(account.problems) == 2


def test_a_result_for_something_that_was_never_uploaded_is_a_problem() -> None:
    stranger = replace(_RESULT, id="2", subject="s3://bucket/inputs/1 1=2, row 001.csv")

    account = settle({_URI: _INPUT}, [_RESULT, stranger], {_OUTPUT: "0.25"})

    (problem,) = account.problems
    assert "never uploaded" in problem
    assert account.lost == account.duplicated == ()


def test_one_request_id_for_two_inputs_is_a_problem() -> None:
    other = "s3://bucket/inputs/other.csv"
    results = [_RESULT, replace(_RESULT, subject=other)]

    account = settle({_URI: _INPUT, other: _INPUT}, results, {_OUTPUT: "0.25"})

    (problem,) = account.problems
    assert "the request id 1 stands for 2 inputs" in problem


@pytest.mark.parametrize(
    ("changes", "output", "problem"),
    [
        ({"queue": "FailedQueue"}, "0.25", "its result was on FailedQueue"),
        ({"type": "relay.inference.failed"}, "0.25", "does not fit the outcome completed"),
        ({"output_location": None}, "0.25", "names no output"),
        ({}, "0.26", "the model itself predicts 0.25"),
        ({}, "<html>", "the output is '<html>', expected 0.25"),
    ],
)
def test_a_result_that_is_not_what_it_should_be_is_a_problem(
    changes: dict[str, str], output: str, problem: str
) -> None:
    result = replace(_RESULT, **changes)

    account = settle({_URI: _INPUT}, [result], {_OUTPUT: output})

    (found,) = account.problems
    assert problem in found


def test_another_outcome_than_expected_is_a_problem_with_its_reason() -> None:
    failed = replace(
        _RESULT,
        type="relay.inference.failed",
        outcome="failed",
        output_location=None,
        reason="server error (500)",
        queue="FailedQueue",
    )

    account = settle({_URI: _INPUT}, [failed], {})

    assert account.problems == (f"{_URI} is failed (server error (500)), expected completed",)


def test_the_single_precision_of_the_model_is_no_difference() -> None:
    account = settle({_URI: _INPUT}, [_RESULT], {_OUTPUT: "0.25000012"})

    assert account.problems == ()

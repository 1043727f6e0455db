"""Results held against inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from local.demo.run import summary
from local.load.account import Account
from local.load.inputs import Input, Kind
from local.load.results import Result
from local.load.tally import Tally

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


def _account(
    uploads: Mapping[str, Input], results: Sequence[Result], outputs: Mapping[str, str]
) -> Account:
    tally = Tally(uploads)
    for result in results:
        tally.take(result)
    return Account(uploads, tally, outputs, {})


def test_one_correct_result_for_each_input_is_no_problem() -> None:
    account = _account({_URI: _INPUT}, [_RESULT], {_OUTPUT: "0.25\n"})

    assert account.problems() == []
    assert summary(account, 12.4) == (
        "demo: uploaded=1 completed=1 failed=0 rejected=0 lost=0 duplicated=0 seconds=12"
    )


def test_an_input_without_result_is_lost() -> None:
    account = _account({_URI: _INPUT}, [], {})

    assert account.tally.lost == [_URI]
    assert account.problems() == [f"no result came for {_URI}"]


def test_each_result_after_the_first_is_duplicated_and_counts_no_outcome() -> None:
    account = _account({_URI: _INPUT}, [_RESULT, _RESULT, _RESULT], {_OUTPUT: "0.25"})

    assert [result.subject for result in account.tally.doubled] == [_URI, _URI]
    assert account.tally.outcomes == {"completed": 1}
    assert len(account.problems()) == 2


def test_a_result_for_something_that_was_never_uploaded_is_a_problem() -> None:
    stranger = replace(_RESULT, id="2", subject="s3://bucket/inputs/1 1=2, row 001.csv")

    account = _account({_URI: _INPUT}, [_RESULT, stranger], {_OUTPUT: "0.25"})

    (problem,) = account.problems()
    assert "never uploaded" in problem
    assert account.tally.lost == []
    assert account.tally.doubled == []


def test_one_request_id_for_two_inputs_is_a_problem() -> None:
    other = "s3://bucket/inputs/other.csv"
    results = [_RESULT, replace(_RESULT, subject=other)]

    account = _account({_URI: _INPUT, other: _INPUT}, results, {_OUTPUT: "0.25"})

    assert account.problems() == [
        f"no result came for {other}",
        f"another result came for {other}: id 1, completed",
    ]


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

    account = _account({_URI: _INPUT}, [result], {_OUTPUT: output})

    (found,) = account.problems()
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

    account = _account({_URI: _INPUT}, [failed], {})

    assert account.problems() == [f"{_URI} is failed (server error (500)), expected completed"]


def test_the_single_precision_of_the_model_is_no_difference() -> None:
    account = _account({_URI: _INPUT}, [_RESULT], {_OUTPUT: "0.25000012"})

    assert account.problems() == []

from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from async_endpoint_emulator.counters import Counters

from local.chaos.run import injected, is_injected, summary
from local.load.account import Account
from local.load.inputs import Input, Kind
from local.load.results import Result
from local.load.tally import Tally

_URI = "s3://bucket/inputs/1.csv"
_OUTPUT = "s3://bucket/outputs/1.out"
_INPUT = Input(Kind.ROW, "inputs/1.csv", b"1,2", "completed", 0.25)
_COMPLETED = Result(
    id="1",
    type="relay.inference.completed",
    outcome="completed",
    subject=_URI,
    output_location=_OUTPUT,
    reason="",
    queue="CompletedQueue",
)
_FAILED = replace(
    _COMPLETED,
    type="relay.inference.failed",
    outcome="failed",
    queue="FailedQueue",
    output_location=None,
    reason="ClientError: Received server error (500) from model. See the logs.",
)


def _account(*results: Result, output: str = "0.25", **found: Any) -> Account:
    uploads = {_URI: _INPUT}
    tally = Tally(uploads)
    for result in results:
        tally.take(result)
    return Account(uploads, tally, {_OUTPUT: output}, {}, explained=is_injected, **found)


def _summary(account: Account) -> str:
    return summary(account, {"Recovered": 3, "Retried": 2, "Submitted": 9})


def test_a_correct_result_is_no_problem_and_the_line_has_what_the_functions_counted() -> None:
    account = _account(_COMPLETED)

    assert account.problems() == []
    assert _summary(account) == (
        "chaos: uploaded=1 results=1 lost=0 duplicated=0 recovered=3 retried=2 expired=0 parked=0"
    )


def test_the_table_has_how_many_calls_the_endpoint_did_not_answer() -> None:
    counters = Counters(throttled=11, hung=12, answers_lost=13)

    lines = injected({"poisoned messages": 14}, Counter(asdict(counters)), Tally({})).splitlines()

    for what, times in (
        ("poisoned messages", "14"),
        ("calls throttled", "11"),
        ("calls that the endpoint did not take or answer", "12"),
        ("calls that the endpoint took and did not answer", "13"),
    ):
        assert [line.split()[-1] for line in lines if line.strip().startswith(what)] == [times]


def test_a_lost_upload_is_a_problem() -> None:
    account = _account()

    assert len(account.problems()) == 1
    assert "results=0 lost=1 duplicated=0" in _summary(account)


def test_a_doubled_result_is_a_problem() -> None:
    account = _account(_COMPLETED, _COMPLETED)

    assert len(account.problems()) == 1
    assert "results=2 lost=0 duplicated=1" in _summary(account)


def test_an_output_that_is_not_the_models_is_a_problem() -> None:
    (problem,) = _account(_COMPLETED, output="0.26").problems()

    assert "0.26" in problem


def test_the_injected_failure_and_an_expiry_are_no_problems() -> None:
    expired = replace(
        _FAILED,
        type="relay.inference.expired",
        outcome="expired",
        reason="nothing was heard of attempt 3",
    )

    assert _account(_FAILED).problems() == []
    assert _account(expired).problems() == []
    assert "expired=1" in _summary(_account(expired))


def test_any_other_failure_is_a_problem() -> None:
    (problem,) = _account(replace(_FAILED, reason="ClientError: The request expired")).problems()

    assert "is failed (ClientError: The request expired), expected completed" in problem


def test_parked_messages_unrest_and_missing_permissions_are_problems() -> None:
    account = replace(
        _account(_COMPLETED, unsettled=["1 attempts open"], denials=["route.log:1: AccessDenied"]),
        depths={"SubmitDeadLetterQueue": 2, "RouteDeadLetterQueue": 0, "CompletedQueue": 1},
    )

    assert len(account.problems()) == 3
    assert _summary(account).endswith("parked=2")


def test_poison_must_be_parked_and_nothing_else() -> None:
    account = replace(
        _account(_COMPLETED),
        depths={"SubmitDeadLetterQueue": 3, "NotificationDeadLetterQueue": 1},
        poison={"SubmitDeadLetterQueue": ["a", "b"], "NotificationDeadLetterQueue": []},
        parked_poison={"SubmitDeadLetterQueue": ["a"], "NotificationDeadLetterQueue": ["c"]},
    )

    assert account.problems() == [
        "1 messages that cannot be read are not on SubmitDeadLetterQueue",
        "1 other messages lie on NotificationDeadLetterQueue",
    ]
    assert _summary(account).endswith("parked=2")

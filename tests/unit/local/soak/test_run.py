from dataclasses import replace

from local.load.account import Account
from local.load.inputs import Input, Kind
from local.load.results import Result
from local.load.tally import Tally
from local.load.usage import PARTS, Use
from local.soak.measure import Rates, Sample
from local.soak.run import summary

_URI = "s3://bucket/inputs/1.csv"
_OUTPUT = "s3://bucket/outputs/1.out"
_RESULT = Result(
    id="1",
    type="relay.inference.completed",
    outcome="completed",
    subject=_URI,
    output_location=_OUTPUT,
    reason="",
    queue="CompletedQueue",
)


def _sample(seconds: float, mebibytes: int) -> Sample:
    return Sample(seconds, 0, dict.fromkeys(PARTS, Use(1, mebibytes * 1024 * 1024, 0.0)))


def _account(*results: Result, output: str = "0.25") -> Account:
    uploads = {_URI: Input(Kind.ROW, "inputs/1.csv", b"1,2", "completed", 0.25)}
    tally = Tally(uploads)
    for result in results:
        tally.take(result)
    return Account(uploads, tally, {_OUTPUT: output}, {})


def test_one_line_has_figures_and_memory_from_when_all_parts_had_started() -> None:
    account = _account(_RESULT)
    samples = [_sample(0, 10), _sample(5, 20), _sample(61, 25)]

    assert account.problems() == []
    assert summary(account, Rates(9.5, 10.25), samples) == (
        "soak: uploaded=1 results=1 lost=0 duplicated=0 seconds=61 first=9.5/s last=10.2/s "
        "memory=80MiB..100MiB"
    )


def test_lost_doubled_failed_and_wrong_results_are_problems() -> None:
    failed = replace(
        _RESULT,
        type="relay.inference.failed",
        outcome="failed",
        queue="FailedQueue",
        output_location=None,
        reason="too hot",
    )

    assert len(_account().problems()) == 1
    assert len(_account(_RESULT, _RESULT).problems()) == 1
    assert _account(failed).problems() == [f"{_URI} is failed (too hot), expected completed"]
    assert len(_account(_RESULT, output="0.3").problems()) == 1

from dataclasses import replace

from local.load.results import Result
from local.load.tally import Tally

_ONE = "s3://bucket/inputs/1.csv"
_TWO = "s3://bucket/inputs/2.csv"

_RESULT = Result(
    id="a",
    type="relay.inference.completed",
    outcome="completed",
    subject=_ONE,
    output_location="s3://bucket/outputs/a.out",
    reason="",
    queue="CompletedQueue",
)


def _tally(*results: Result) -> Tally:
    tally = Tally([_ONE, _TWO])
    for result in results:
        tally.take(result)
    return tally


def test_one_result_for_each_upload_is_no_problem() -> None:
    tally = _tally(_RESULT, replace(_RESULT, id="b", subject=_TWO, outcome="expired"))

    assert tally.missing == 0
    assert tally.problems() == []
    assert tally.outcomes == {"completed": 1, "expired": 1}


def test_an_upload_without_result_is_lost() -> None:
    tally = _tally(_RESULT)

    assert tally.missing == 1
    assert tally.lost == [_TWO]
    assert tally.problems() == [f"no result came for {_TWO}"]


def test_a_second_message_with_the_same_id_is_doubled_and_counts_no_outcome() -> None:
    tally = _tally(_RESULT, _RESULT, _RESULT)

    assert len(tally.doubled) == 2
    assert tally.outcomes == {"completed": 1}
    assert tally.missing == 1


def test_a_second_id_for_the_same_upload_is_doubled_too() -> None:
    tally = _tally(_RESULT, replace(_RESULT, id="b"))

    assert [result.id for result in tally.doubled] == ["b"]


def test_an_id_that_two_uploads_share_is_doubled_and_leaves_the_second_upload_lost() -> None:
    tally = _tally(_RESULT, replace(_RESULT, subject=_TWO))

    assert len(tally.doubled) == 1
    assert tally.lost == [_TWO]


def test_a_result_for_something_that_was_never_uploaded_is_a_problem() -> None:
    tally = _tally(_RESULT, replace(_RESULT, id="c", subject="s3://bucket/inputs/3.csv"))

    assert len(tally.unexpected) == 1
    assert any("never uploaded" in problem for problem in tally.problems())

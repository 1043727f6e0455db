"""An exception that is no RelayError harms only the record that raises it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from relay.delivery.conclude import conclude
from relay.delivery.dispositions import Broken, Disposition, Duplicate
from relay.delivery.isolation import answers, isolated, unexpected
from relay.delivery.report import Count, Level, Report
from relay.errors import RelayError, TransientError, UnexpectedError
from relay.ids import request_id_of_caller
from relay.model import AttemptState
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.pipeline.bugs import SECRET, assert_parked, call, put_all, receive_five_times
from tests.support.pipeline.notifying import ID, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import own_call
from tests.support.samples import NOTIFICATION_DEAD_LETTERS, SUBMIT_DEAD_LETTERS


class TestAnUnexpectedError:
    def test_has_the_type_and_the_place_and_not_the_text(self) -> None:
        try:
            S3Uri.parse(SECRET)
        except ValueError as error:
            made = unexpected(error, "read the item")

        assert re.fullmatch(r"read the item: ValueError at relay/s3uri\.py:\d+", str(made))
        assert isinstance(made.__cause__, ValueError)

    def test_stays_as_it_is(self) -> None:
        error = UnexpectedError("ValueError at relay/s3uri.py:36")

        assert unexpected(error) is error


def fails_with(bad: Sequence[str], calls: list[list[str]]) -> Callable[[Sequence[str]], Any]:
    def work(records: Sequence[str]) -> list[Disposition]:
        calls.append(list(records))
        if set(records) & set(bad):
            raise KeyError(SECRET)
        return [Duplicate(samples.delivery(record), record) for record in records]

    return work


def broken(record: str, error: UnexpectedError) -> Broken:
    return Broken(samples.delivery(record), error)


class TestWorkOnSeveralRecords:
    def test_is_done_together_while_none_raises(self) -> None:
        calls: list[list[str]] = []

        made = isolated(fails_with([], calls), ["a", "b"], broken)

        assert calls == [["a", "b"]]
        assert [type(each) for each in made] == [Duplicate, Duplicate]

    def test_that_raises_is_done_record_by_record(self) -> None:
        calls: list[list[str]] = []

        made = isolated(fails_with(["b"], calls), ["a", "b", "c"], broken)

        assert calls == [["a", "b", "c"], ["a"], ["b"], ["c"]]
        assert [type(each) for each in made] == [Duplicate, Broken, Duplicate]

    def test_answers_of_a_port_that_raises_are_asked_for_one_by_one(self) -> None:
        def send(keys: Sequence[str]) -> Mapping[str, RelayError]:
            if "b" in keys:
                raise KeyError(SECRET)
            return {key: TransientError("no") for key in keys if key == "c"}

        found = answers(send, ["a", "b", "c"], str)

        assert {key: type(error) for key, error in found.items()} == {
            "b": UnexpectedError,
            "c": TransientError,
        }

    def test_a_relay_error_of_a_whole_call_is_the_answer_for_each_record(self) -> None:
        def send(keys: Sequence[str]) -> Mapping[str, RelayError]:
            raise TransientError("no time")

        assert {type(each) for each in answers(send, ["a", "b"], str).values()} == {TransientError}
        assert answers(send, [], str) == {}


class TestAnItemThatCannotBeRead:
    def test_harms_its_own_notification(self, pipeline: FakePipeline) -> None:
        pipeline.ledger.table["f" * 32] = unreadable_item("f" * 32)
        submitted(pipeline)
        notify(pipeline, samples.completed("f" * 32))
        notify(pipeline, samples.completed(ID))

        reports = receive_five_times(pipeline, pipeline.deliver_to_route)

        assert reports[0].counts == {Count.COMPLETED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        assert_parked(pipeline, NOTIFICATION_DEAD_LETTERS, reports)

    def test_harms_the_request_that_finds_it_claimed(self, pipeline: FakePipeline) -> None:
        claimed = request_id_of_caller("claimed")
        pipeline.ledger.table[claimed] = unreadable_item(claimed)
        put_all(pipeline, call("claimed"), call("good"))

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        assert_parked(pipeline, SUBMIT_DEAD_LETTERS, reports)

    def test_is_not_followed_by_a_further_attempt(self, pipeline: FakePipeline) -> None:
        pipeline.ledger.table["f" * 32] = unreadable_item("f" * 32, state={"S": "RETRIED"})
        put_all(pipeline, own_call("f" * 32, 2), call("good"))

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}

    def test_is_not_written(self, pipeline: FakePipeline) -> None:
        """UTF-8 has no unpaired surrogates, so DynamoDB would refuse the item."""
        attempt = samples.attempt("f" * 32, custom_attributes="\ud800")

        claims = pipeline.ledger.claim([attempt, samples.attempt(ID)])

        assert {key: type(error) for key, error in claims.unavailable.items()} == {
            "f" * 32: UnexpectedError
        }
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}


def test_a_broken_record_is_an_error_in_the_log() -> None:
    report = Report()

    conclude([Broken(samples.delivery("m-1"), UnexpectedError("KeyError at x.py:1"), ID)], report)

    (note,) = report.notes
    assert (note.level, note.text) == (Level.ERROR, "unexpected error")
    assert dict(note.fields) == {
        "message_id": "m-1",
        "inference_id": ID,
        "error": "KeyError at x.py:1",
    }
    assert list(report.returned) == ["m-1"]

"""An exception that is no RelayError harms only the record that raises it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from relay.delivery.conclude import conclude
from relay.delivery.dispositions import Broken, Disposition, Duplicate
from relay.delivery.isolation import answers, isolated, unexpected
from relay.delivery.report import Count, Level, Report
from relay.delivery.responses import Incomplete, respond
from relay.errors import RelayError, TransientError, UnexpectedError
from relay.model import AttemptState
from relay.s3uri import S3Uri
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.notifying import ID, logged, notify, submitted
from tests.support.pipelines import FakePipeline
from tests.support.samples import (
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
    Json,
)
from tests.support.submitting import put

SECRET = "customer 4711"
PLACE = re.compile(r"\w+Error at [\w/]+\.py:\d+")


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


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


def call(request_id: str) -> Json:
    return {"request_id": request_id, "input_location": f"{samples.INPUTS}{request_id}.csv"}


def put_all(pipeline: FakePipeline, *messages: Json) -> None:
    for message in messages:
        put(pipeline, message)


def names_poison(value: object) -> bool:
    return "poison" in repr(value) or "f" * 32 in repr(value)


def break_port(monkeypatch: pytest.MonkeyPatch, port: object, method: str) -> None:
    """Have a port's call raise, for all its records, while the poisoned one is among them."""
    original = getattr(port, method)

    def call(records: Any) -> Any:
        if any(map(names_poison, records)):
            raise AttributeError(f"{SECRET} in {records}")
        return original(records)

    monkeypatch.setattr(port, method, call)


def break_function(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have a function of the relay raise for the poisoned record."""
    module, _, function = name.rpartition(".")
    original = getattr(__import__(module, fromlist=[function]), function)

    def call(*arguments: Any, **named: Any) -> Any:
        if names_poison(arguments):
            raise AttributeError(f"{SECRET} in {arguments}")
        return original(*arguments, **named)

    monkeypatch.setattr(name, call)


SUBMIT_BUGS = {
    "making the job": "relay.submit.jobs._job",
    "checking the limits": "relay.submit.jobs.problems",
    "claiming": ("ledger", "claim"),
    "invoking the endpoint": ("endpoint", "invoke"),
}
ROUTE_BUGS = {
    "looking the attempt up": ("ledger", "look_up"),
    "trusting": "relay.route.route.distrust",
    "deciding": "relay.route.decisions._worth_another_try",
    "writing the result": "relay.route.decisions._result",
    "sending": ("queues", "send"),
}


def inject(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: Any) -> None:
    if isinstance(bug, str):
        break_function(monkeypatch, bug)
    else:
        break_port(monkeypatch, getattr(pipeline, bug[0]), bug[1])


class TestABugInSubmit:
    @pytest.mark.parametrize("bug", SUBMIT_BUGS.values(), ids=SUBMIT_BUGS)
    def test_harms_one_message_which_is_parked_at_its_fifth_receive(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: object
    ) -> None:
        inject(pipeline, monkeypatch, bug)
        put_all(pipeline, call("poison"), *(call(f"good-{number}") for number in range(30)))

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 30, Count.BROKEN: 1, Count.RETURNED: 1}
        for report in reports[1:4]:
            assert report.counts == {Count.BROKEN: 1, Count.RETURNED: 1}
        assert reports[4].counts == {Count.BROKEN: 1, Count.PARKED: 1}
        assert len(pipeline.endpoint.invocations) == 30
        assert_parked(pipeline, SUBMIT_DEAD_LETTERS, reports)

    def test_in_the_response_of_the_endpoint_does_not_infer_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An output location that the relay cannot compare with its outputs."""
        contains = OutputLocations.contains

        def broken_contains(self: OutputLocations, text: str) -> bool:
            if text == SECRET:
                raise TypeError(SECRET)
            return contains(self, text)

        monkeypatch.setattr(OutputLocations, "contains", broken_contains)
        put_all(pipeline, call("a" * 32), call("b" * 32))
        pipeline.endpoint.output_locations["a" * 32] = SECRET

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 2, Count.BROKEN: 1}
        assert logged(report, Level.ERROR) == ["output location not written"]
        assert pipeline.endpoint.invoked == ["a" * 32, "b" * 32]

    @pytest.mark.parametrize("method", ["renew", "release"])
    def test_in_a_write_behind_the_invocation_does_not_infer_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        break_port(monkeypatch, pipeline.ledger, method)
        put_all(pipeline, call("f" * 32), call("b" * 32))
        if method == "renew":
            for key in ("f" * 32, "b" * 32):
                pipeline.endpoint.output_locations[key] = f"{samples.OUTPUTS}elsewhere/{key}"
        else:
            pipeline.endpoint.trouble = TransientError("ThrottlingException")

        report = pipeline.deliver_to_submit()

        assert report.counts[Count.SUBMITTED if method == "renew" else Count.RETURNED] == 2
        assert len(pipeline.endpoint.invocations) == (2 if method == "renew" else 0)

    def test_harms_one_request_of_a_message(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs._job")
        break_function(monkeypatch, "relay.submit.jobs.problems")
        put_all(pipeline, {"requests": [call("poison"), call("good"), call("poison too")]})

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 1, Count.BROKEN: 2, Count.RETURNED: 1}
        assert reports[4].counts == {Count.DUPLICATE: 1, Count.BROKEN: 2, Count.PARKED: 1}
        assert len(pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)) == 1

    def test_parks_nothing_while_another_request_of_the_message_waits(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs.problems")
        put_all(pipeline, {"requests": [call("poison"), call("good")]})
        pipeline.endpoint.trouble = TransientError("ThrottlingException")
        receive_five_times(pipeline, pipeline.deliver_to_submit)
        assert pipeline.queues.delivered(SUBMIT_DEAD_LETTERS) == []

        pipeline.endpoint.trouble = None
        pipeline.clock.advance(900)
        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.PARKED: 1}

    def test_fails_a_direct_call_by_name_and_does_the_others_of_the_call(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs.problems")

        report = pipeline.call_submit({"requests": [call("poison"), call("good")]})

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        with pytest.raises(Incomplete, match=r"AttributeError at \w+"):
            respond([], report)


class TestABugInRoute:
    @pytest.mark.parametrize("bug", ROUTE_BUGS.values(), ids=ROUTE_BUGS)
    def test_harms_one_notification_which_is_parked_at_its_fifth_receive(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: object
    ) -> None:
        inject(pipeline, monkeypatch, bug)
        for key in ("f" * 32, *(f"{number:032x}" for number in range(30))):
            pipeline.ledger.items[key] = samples.attempt(key)
            notify(pipeline, samples.completed(key))

        reports = receive_five_times(pipeline, pipeline.deliver_to_route)

        assert reports[0].counts[Count.COMPLETED] == 30
        assert reports[0].counts[Count.BROKEN] == reports[0].counts[Count.RETURNED] == 1
        assert reports[4].counts[Count.PARKED] == 1
        assert len(pipeline.results()) == 30
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0
        assert_parked(pipeline, NOTIFICATION_DEAD_LETTERS, reports)

    def test_in_the_mark_sends_no_neighbour_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_port(monkeypatch, pipeline.ledger, "close")
        for key in ("f" * 32, "a" * 32):
            pipeline.ledger.items[key] = samples.attempt(key)
            notify(pipeline, samples.completed(key))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        sent = [message for message in pipeline.queues.sent if message.deduplication_id]
        assert len(sent) == 2

    def test_in_the_routes_is_no_notifications_fault(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline.routes, "current", None)  # not callable
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))

        reports = receive_five_times(pipeline, pipeline.deliver_to_route)

        assert [report.counts for report in reports] == 5 * [{Count.BROKEN: 1, Count.RETURNED: 1}]
        assert pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS) == []


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
        pipeline.ledger.table["f" * 32] = unreadable_item("f" * 32)
        put_all(pipeline, call("f" * 32), call("good"))

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        assert_parked(pipeline, SUBMIT_DEAD_LETTERS, reports)

    def test_is_not_followed_by_a_further_attempt(self, pipeline: FakePipeline) -> None:
        pipeline.ledger.table["f" * 32] = unreadable_item("f" * 32, state={"S": "RETRIED"})
        put_all(pipeline, {**call("f" * 32), "attempt": 2}, call("good"))

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


def test_an_error_that_prevents_the_delays_leaves_them_to_the_visibility_timeout(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.queues, "come_back", None)  # not callable
    put_all(pipeline, call("poison"))
    pipeline.endpoint.trouble = TransientError("ThrottlingException")

    report = pipeline.deliver_to_submit()

    assert report.counts == {Count.RETURNED: 1, Count.BROKEN: 1}
    assert report.notes[-1].text == "visibility timeouts not set"


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


def receive_five_times(pipeline: FakePipeline, deliver: Callable[[], Report]) -> list[Report]:
    reports = []
    for _ in range(5):
        reports.append(deliver())
        pipeline.clock.advance(900)
    return reports


def assert_parked(pipeline: FakePipeline, queue_url: str, reports: Sequence[Report]) -> None:
    """One message is parked, with the type and the place, and no note has a payload."""
    (parked,) = pipeline.queues.delivered(queue_url)
    assert PLACE.search(dict(parked.attributes)["reason"])
    assert all(waiting == 0 for waiting in map(pipeline.queues.waiting, [SUBMIT_QUEUE]))
    assert SECRET not in str(parked.attributes) + str([report.notes for report in reports])

"""Direct calls: what no queue holds is answered, handed over to the queue, or repeated."""

import json
from dataclasses import replace

import pytest
from relay.delivery.report import Count, Level
from relay.errors import (
    RelayError,
    TransientError,
)
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.notifying import notify
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import (
    DENIED,
    NOT_READY,
    THROTTLED,
    UNANSWERED,
    logged,
    own_call,
    put,
)
from tests.support.samples import (
    BUCKET,
    OUTPUTS,
    SERVER_ERROR,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
    Json,
    failed,
)

FIVE = {"requests": [{"body": str(number)} for number in range(5)]}


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


class TestADirectCall:
    def test_is_answered_for_each_request(self, pipeline: FakePipeline) -> None:
        call = {
            "requests": [
                {"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": "order-1"},
                {"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": "order-1"},
                {"request_id": "order-2"},
            ]
        }

        report = pipeline.call_submit(call)

        one, two = request_id_of_caller("order-1"), request_id_of_caller("order-2")
        answers = {(answer.request_id, answer.status) for answer in report.answers}
        assert answers == {(one, "submitted"), (one, "duplicate"), (two, "rejected")}
        by_status = {answer.status: answer for answer in report.answers}
        assert by_status["submitted"].output_location == f"{OUTPUTS}{one}"
        assert by_status["rejected"].reason == (
            "request has neither an input location nor a body; give one of them"
        )

    def test_with_a_request_that_cannot_be_read_is_answered_for_it_too(
        self, pipeline: FakePipeline
    ) -> None:
        call = {"requests": [{"body": 5}, {"body": "1"}, {"body": "2", "color": "red"}]}

        report = pipeline.call_submit(call)

        assert report.counts == {Count.SUBMITTED: 1, Count.INVALID: 2}
        assert report.returned == {}
        answers = {answer.number: answer for answer in report.answers}
        assert [answers[number].status for number in range(3)] == [
            "invalid",
            "submitted",
            "invalid",
        ]
        assert answers[0].reason == "requests[0].body must be a string, not a number"
        assert str(answers[2].reason).startswith("requests[2].color is not known")
        assert answers[0].request_id is None
        assert pipeline.queues.delivered(SUBMIT_DEAD_LETTERS) == []
        assert logged(report, Level.ERROR) == ["invalid", "invalid"]

    @pytest.mark.parametrize("trouble", [THROTTLED, NOT_READY, DENIED])
    def test_that_must_wait_is_handed_over_to_the_queue(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        pipeline.endpoint.trouble = trouble

        report = pipeline.call_submit({"body": "1,2", "request_id": "order-1", "ttl_seconds": 60})

        assert [answer.status for answer in report.answers] == ["queued"]
        assert report.returned == {}
        assert pipeline.ledger.items == {}

        pipeline.endpoint.trouble = None
        assert pipeline.deliver_to_submit().counts == {}
        pipeline.clock.advance(5)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}
        (submission,) = pipeline.endpoint.invocations
        assert submission.request.id == request_id_of_caller("order-1")
        assert submission.request.body == b"1,2"
        assert submission.attempt.ttl_seconds == 60

    def test_that_cannot_be_handed_over_fails(self, pipeline: FakePipeline) -> None:
        pipeline.endpoint.trouble = THROTTLED
        pipeline.faults.plan("queues.send", TransientError("send to SubmitQueue: no"))

        report = pipeline.call_submit({"body": "1"})

        assert list(report.returned) == ["invocation-1"]
        assert logged(report, Level.ERROR) == ["request could not be queued"]

    @pytest.mark.parametrize(
        ("step", "error"),
        [
            ("ledger.claim", THROTTLED),
            ("ledger.release", THROTTLED),
            ("endpoint.invoke", UNANSWERED),
        ],
    )
    @pytest.mark.parametrize("after", [False, True])
    def test_that_may_still_be_claimed_fails_and_is_taken_over_by_its_repetition(
        self, pipeline: FakePipeline, step: str, error: RelayError, after: bool
    ) -> None:
        """A new message could not take the claim over: it would pass for a duplicate."""
        if step == "ledger.release":
            pipeline.faults.plan("endpoint.invoke", THROTTLED)
        pipeline.faults.plan(step, error, after=after)

        first = pipeline.call_submit({"body": "1"})
        again = pipeline.call_submit({"body": "1"})

        assert list(first.returned) == ["invocation-1"]
        assert logged(first, Level.ERROR) == ["request must be repeated"]
        assert pipeline.queues.delivered(SUBMIT_QUEUE) == []
        assert again.counts == {Count.SUBMITTED: 1}

    def test_that_was_not_started_in_time_is_handed_over(self, pipeline: FakePipeline) -> None:
        report = pipeline.call_submit(FIVE, seconds=-1)
        pipeline.clock.advance(5)

        assert [answer.status for answer in report.answers] == ["queued"] * 5
        assert report.returned == {}
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 5}

    def test_whose_claims_a_crash_left_behind_is_not_handed_over_to_be_dropped(
        self, pipeline: FakePipeline
    ) -> None:
        """Lambda repeats the invocation, and the second one has no time for anything."""
        pipeline.faults.plan("endpoint.invoke", Crash())
        with pytest.raises(Crash):
            pipeline.call_submit(FIVE)

        second = pipeline.call_submit(FIVE, seconds=-1)
        pipeline.clock.advance(5)
        third = pipeline.call_submit(FIVE)

        assert list(second.returned) == ["invocation-1"]
        assert logged(second, Level.ERROR) == ["request must be repeated"] * 5
        assert pipeline.queues.delivered(SUBMIT_QUEUE) == []
        assert third.counts == {Count.SUBMITTED: 5}

    def test_that_another_call_submitted_is_a_duplicate_even_without_time(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.call_submit({"body": "1", "request_id": "order-1"}, "invocation-1")

        late = pipeline.call_submit({"body": "1", "request_id": "order-1"}, "i-2", seconds=-1)

        assert [answer.status for answer in late.answers] == ["duplicate"]
        assert pipeline.queues.delivered(SUBMIT_QUEUE) == []

    def test_of_which_the_ledger_does_not_tell_whether_it_is_claimed_fails(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.faults.plan("ledger.look_up", THROTTLED)

        report = pipeline.call_submit(FIVE, seconds=-1)
        pipeline.clock.advance(5)

        assert list(report.returned) == ["invocation-1"]
        assert [answer.status for answer in report.answers] == ["queued"] * 4
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 4}
        again = pipeline.call_submit(FIVE)
        assert again.counts == {Count.SUBMITTED: 1, Count.DUPLICATE: 4}

    def test_that_is_unreadable_fails_with_the_reason(self, pipeline: FakePipeline) -> None:
        report = pipeline.call_submit({"colour": "red"})

        assert list(report.returned) == ["invocation-1"]
        (note,) = report.notes
        assert (note.level, note.text) == (Level.ERROR, "unreadable")
        assert pipeline.queues.delivered(SUBMIT_DEAD_LETTERS) == []

    def test_that_is_repeated_by_its_caller_is_a_duplicate(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit({"body": "1", "request_id": "order-1"}, "invocation-1")

        report = pipeline.call_submit({"body": "1", "request_id": "order-1"}, "invocation-2")

        assert [answer.status for answer in report.answers] == ["duplicate"]
        assert len(pipeline.endpoint.invocations) == 1

    def test_that_the_endpoint_did_not_answer_says_when_it_ends_to_a_caller_that_repeats_it(
        self, pipeline: FakePipeline
    ) -> None:
        call = {"body": "1", "request_id": "order-1", "ttl_seconds": 600, "timeout_seconds": 60}
        pipeline.faults.plan("endpoint.invoke", UNANSWERED)
        first = pipeline.call_submit(call, "invocation-1")
        assert list(first.returned) == ["invocation-1"]

        report = pipeline.call_submit(call, "invocation-2")

        (attempt,) = pipeline.ledger.items.values()
        assert pipeline.endpoint.invocations == []
        assert [answer.to_json() for answer in report.answers] == [
            {
                "number": 0,
                "request_id": attempt.id,
                "status": "duplicate",
                "state": "submitted",
                "due_at": attempt.due_at.isoformat(),
            }
        ]

    @pytest.mark.parametrize("seconds", [40, -1])
    @pytest.mark.parametrize(
        ("state", "said"),
        [
            (AttemptState.COMPLETED, "completed"),
            (AttemptState.FAILED, "failed"),
            (AttemptState.RETRIED, "retrying"),
        ],
    )
    def test_that_is_repeated_after_its_end_says_how_it_ended(
        self, pipeline: FakePipeline, state: AttemptState, said: str, seconds: float
    ) -> None:
        known = request_id_of_caller("order-1")
        pipeline.ledger.items[known] = samples.attempt(known, state=state)

        report = pipeline.call_submit({"body": "1", "request_id": "order-1"}, seconds=seconds)

        assert [answer.to_json() for answer in report.answers] == [
            {"number": 0, "request_id": known, "status": "duplicate", "state": said}
        ]


@pytest.mark.parametrize("queued", [False, True])
class TestACallAgainstTheRequestOfAnother:
    def test_does_not_follow_its_attempt(self, pipeline: FakePipeline, queued: bool) -> None:
        victim = submitted_by_another(pipeline)
        location = f"s3://{BUCKET}/inputs/evil.csv"

        attack(
            pipeline, queued, {"request_id": "order-21", "attempt": 2, "input_location": location}
        )

        assert pipeline.ledger.states == {victim: AttemptState.OPEN}
        assert pipeline.endpoint.invoked == [victim]

    def test_does_not_take_the_place_of_its_next_attempt(
        self, pipeline: FakePipeline, queued: bool
    ) -> None:
        victim = submitted_by_another(pipeline)
        attack(pipeline, queued, {"request_id": attempt_id(victim, 2), "body": "1"})

        notify(pipeline, failed(victim, SERVER_ERROR))
        pipeline.deliver_to_route()
        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked[-1] == attempt_id(victim, 2)
        assert pipeline.ledger.items[attempt_id(victim, 2)].request_id == victim


@pytest.mark.parametrize("receipt", ["made up", "m-0#0", ""])
class TestAnEventOfTheQueueThatACallerWrites:
    """Whoever may invoke submit can send it any event, also one that looks like the queue's."""

    def test_does_not_follow_the_attempt_of_another(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)

        report = pipeline.call_submit(event_of_queue(own_call(victim, 2), receipt))

        assert pipeline.ledger.states == {victim: AttemptState.OPEN}
        assert pipeline.endpoint.invoked == [victim]
        assert list(report.returned) == ["m-9"]

    def test_does_not_take_the_place_of_the_next_attempt(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)

        pipeline.call_submit(event_of_queue(own_call(attempt_id(victim, 2), 1), receipt))

        assert set(pipeline.ledger.items) == {victim}

    def test_holds_nothing_else_of_its_batch_back(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)
        event = event_of_queue(own_call(victim, 2), receipt)
        event["Records"] += samples.sqs_event(samples.upload("inputs/b.csv"))["Records"]

        report = pipeline.call_submit(event)

        assert report.counts == {Count.SUBMITTED: 1, Count.RETURNED: 1}
        assert len(pipeline.endpoint.invoked) == 2


def test_a_retry_whose_receipt_cannot_be_proved_comes_again(pipeline: FakePipeline) -> None:
    victim = submitted_by_another(pipeline)
    pipeline.ledger.items[victim] = replace(
        pipeline.ledger.items[victim], state=AttemptState.RETRIED
    )
    put(pipeline, own_call(victim, 2))
    pipeline.faults.plan("queues.in_flight", THROTTLED)

    first = pipeline.deliver_to_submit()
    pipeline.clock.advance(900)
    second = pipeline.deliver_to_submit()

    assert first.counts == {Count.RETURNED: 1}
    assert second.counts == {Count.SUBMITTED: 1}
    assert pipeline.endpoint.invoked == [victim, attempt_id(victim, 2)]


def event_of_queue(message: object, receipt: str) -> Json:
    (record,) = samples.sqs_event(message)["Records"]
    return {"Records": [{**record, "messageId": "m-9", "receiptHandle": receipt}]}


def submitted_by_another(pipeline: FakePipeline) -> str:
    pipeline.call_submit(
        {"request_id": "order-21", "input_location": f"s3://{BUCKET}/inputs/a.csv"}
    )
    return request_id_of_caller("order-21")


def attack(pipeline: FakePipeline, queued: bool, call: Json) -> None:
    if queued:
        put(pipeline, call)
        pipeline.deliver_to_submit()
    else:
        pipeline.call_submit(call)


class TestACallInTheQueue:
    """One of its two requests has a body that is no text."""

    CALL: Json = {"requests": [{"body": "1"}, {"body": 5}]}  # noqa: RUF012
    REASON = "requests[1].body must be a string, not a number"

    def parked(self, pipeline: FakePipeline) -> list[tuple[Json, str]]:
        messages = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        return [(json.loads(each.body), dict(each.attributes)["reason"]) for each in messages]

    def test_is_submitted_and_only_the_request_that_cannot_be_read_is_parked(
        self, pipeline: FakePipeline
    ) -> None:
        put(pipeline, self.CALL)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.PARKED: 1}
        assert [each.request.body for each in pipeline.endpoint.invocations] == [b"1"]
        assert self.parked(pipeline) == [({"requests": [{"body": 5}]}, self.REASON)]

    def test_is_parked_once_however_often_its_other_request_waits(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.endpoint.trouble = NOT_READY
        put(pipeline, self.CALL)
        for _ in range(3):
            report = pipeline.deliver_to_submit()
            assert report.counts[Count.PARKED] == 0
            pipeline.clock.advance(900)

        pipeline.endpoint.trouble = None
        pipeline.deliver_to_submit()

        assert len(pipeline.endpoint.invocations) == 1
        assert self.parked(pipeline) == [({"requests": [{"body": 5}]}, self.REASON)]
        assert pipeline.deliver_to_submit().counts == {}

    def test_is_parked_as_a_whole_if_the_other_request_is_given_up(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.endpoint.trouble = NOT_READY
        put(pipeline, self.CALL)
        pipeline.clock.advance(10 * 86_400)

        pipeline.deliver_to_submit()

        ((body, reason),) = self.parked(pipeline)
        assert body == self.CALL
        assert self.REASON in reason
        assert "given up after 10 days" in reason

    def test_keeps_its_length_where_a_part_would_be_longer(self, pipeline: FakePipeline) -> None:
        """JSON escapes of six bytes for characters of three."""
        call = {"requests": [{"body": 5, "accept": "行" * 100}, {"body": "1"}]}
        pipeline.queues.put(SUBMIT_QUEUE, json.dumps(call, ensure_ascii=False))

        pipeline.deliver_to_submit()

        assert [body for body, _ in self.parked(pipeline)] == [call]

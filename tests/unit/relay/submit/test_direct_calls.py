"""Direct calls of submit: each request is answered, and those that must wait are handed over."""

import pytest
from relay.delivery.report import Count, Level
from relay.errors import (
    RelayError,
    TransientError,
)
from relay.ids import request_id_of_caller
from relay.model import AttemptState

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import (
    DENIED,
    NOT_READY,
    THROTTLED,
    UNANSWERED,
    logged,
)
from tests.support.samples import (
    BUCKET,
    OUTPUTS,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
)

FIVE = {"requests": [{"body": str(number)} for number in range(5)]}


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

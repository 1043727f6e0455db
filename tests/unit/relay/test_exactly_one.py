"""Rare ways in which a request could end without a result, with two, or with a stranger's."""

import json
import re

import pytest
from relay.delivery.report import Count
from relay.errors import TransientError
from relay.events.sagemaker import own_notification
from relay.ids import attempt_id
from relay.model import AttemptState, Outcome

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import NOTIFICATION_QUEUE, SERVER_ERROR, SUBMIT_QUEUE

ID = "a" * 32
SECOND = attempt_id(ID, 2)
THROTTLED = TransientError("ThrottlingException: Rate exceeded")


def retried(pipeline: FakePipeline) -> None:
    """A request whose first attempt failed, and whose second one waits in the queue."""
    pipeline.ledger.items[ID] = samples.attempt(ID)
    notify(pipeline, samples.failed(ID, SERVER_ERROR))
    pipeline.deliver_to_route()
    pipeline.clock.advance(30)


def notify(pipeline: FakePipeline, notification: object) -> None:
    pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(samples.sns_envelope(notification)))


def to_two_targets(pipeline: FakePipeline) -> None:
    """Completed results go to both queues."""
    routes = json.loads(samples.ROUTES)
    archive = {"name": "archive", "to": samples.FAILED_QUEUE}
    pipeline.routes.replace(json.dumps({**routes, "routes": [*routes["routes"], archive]}))


def subjects(pipeline: FakePipeline) -> list[str]:
    return [json.loads(message.body)["id"] for message in pipeline.results()]


class TestAClaimThatWasTakenOver:
    def test_is_kept_when_the_endpoint_refuses_what_it_may_have_taken_before(
        self, pipeline: FakePipeline
    ) -> None:
        """Released, it would leave a result under a stranger's id, and none under its own."""
        retried(pipeline)
        pipeline.faults.plan("endpoint.invoke", Crash(), after=True)
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        pipeline.clock.advance(270)
        pipeline.endpoint.trouble = THROTTLED

        pipeline.deliver_to_submit()
        notify(pipeline, samples.completed(SECOND))
        pipeline.deliver_to_route()

        assert subjects(pipeline) == [ID]

    def test_is_kept_when_the_endpoint_refuses_the_one_who_claimed_first(
        self, pipeline: FakePipeline
    ) -> None:
        """SQS may deliver a message to two functions at once."""
        retried(pipeline)
        pipeline.deliver_to_submit()
        first = pipeline.ledger.items[SECOND]
        pipeline.clock.advance(0.001)
        renewed = samples.attempt(
            SECOND, claimed_by=first.claimed_by, submitted_at=pipeline.clock.now()
        )
        pipeline.ledger.renew([renewed])

        assert pipeline.ledger.release([first]) == {}
        assert pipeline.ledger.states[SECOND] is AttemptState.OPEN


class TestAFurtherAttempt:
    def crash_after_sending_the_retry(self, pipeline: FakePipeline) -> None:
        pipeline.ledger.items[ID] = samples.attempt(ID)
        notify(pipeline, samples.failed(ID, SERVER_ERROR))
        pipeline.faults.plan("queues.send", Crash(), after=True)
        with pytest.raises(Crash):
            pipeline.deliver_to_route()

    def test_is_not_submitted_when_the_request_has_its_result_already(
        self, pipeline: FakePipeline
    ) -> None:
        self.crash_after_sending_the_retry(pipeline)
        notify(pipeline, samples.completed(ID))  # it was inferred twice, after a crash of submit
        pipeline.deliver_to_route()
        pipeline.clock.advance(30)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.endpoint.invocations == []
        assert subjects(pipeline) == [ID]

    def test_is_not_submitted_when_one_of_two_targets_has_the_result_already(
        self, pipeline: FakePipeline
    ) -> None:
        """A late notification: reconcile was first, and the retry is on its way."""
        to_two_targets(pipeline)
        pipeline.ledger.items[ID] = samples.attempt(ID)
        expired = own_notification(ID, Outcome.EXPIRED, "relay", "nothing was heard")
        pipeline.queues.put(NOTIFICATION_QUEUE, expired)
        pipeline.faults.plan("queues.send", THROTTLED, after=True)
        pipeline.deliver_to_route()
        pipeline.queues.trouble[samples.FAILED_QUEUE] = THROTTLED
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.queues.trouble.clear()
        pipeline.clock.advance(900)

        report = pipeline.deliver_to_submit()
        pipeline.deliver_to_route()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert subjects(pipeline) == [ID, ID]

    def test_closes_a_result_that_no_target_has_yet(self, pipeline: FakePipeline) -> None:
        self.crash_after_sending_the_retry(pipeline)
        pipeline.queues.trouble[samples.COMPLETED_QUEUE] = THROTTLED
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.queues.trouble.clear()
        pipeline.clock.advance(900)

        pipeline.deliver_to_submit()
        pipeline.deliver_to_route()

        assert subjects(pipeline) == []
        assert pipeline.ledger.states == {ID: AttemptState.RETRIED, SECOND: AttemptState.OPEN}

    def test_closes_the_last_one_so_that_no_other_notification_ends_in_a_result(
        self, pipeline: FakePipeline
    ) -> None:
        self.crash_after_sending_the_retry(pipeline)
        pipeline.clock.advance(30)
        pipeline.deliver_to_submit()

        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()

        assert subjects(pipeline) == []
        assert pipeline.ledger.states == {ID: AttemptState.RETRIED, SECOND: AttemptState.OPEN}

    @pytest.mark.parametrize("step", ["ledger.close", "ledger.look_up"])
    def test_comes_again_when_the_last_one_cannot_be_closed(
        self, pipeline: FakePipeline, step: str
    ) -> None:
        self.crash_after_sending_the_retry(pipeline)
        pipeline.clock.advance(30)
        pipeline.faults.plan(step, THROTTLED)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 1
        assert pipeline.endpoint.invocations == []

    def test_of_a_request_that_the_ledger_forgot_is_submitted(self, pipeline: FakePipeline) -> None:
        retried(pipeline)
        del pipeline.ledger.items[ID]

        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}


class TestAnotherEndpoint:
    """The deployment was given another one while requests were under way."""

    def test_does_not_cost_the_results_of_what_the_old_one_was_given(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.ledger.items[ID] = samples.attempt(ID, endpoint="old-relay", location=None)
        overdue = own_notification(ID, Outcome.EXPIRED, "old-relay", "nothing was heard")
        pipeline.queues.put(NOTIFICATION_QUEUE, overdue)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.EXPIRED: 1}


class TestAReportOfTheRelay:
    @pytest.mark.parametrize("number", [1, 3])
    @pytest.mark.parametrize("first", ["report", "notification"])
    def test_is_second_to_a_notification_of_sagemaker_in_the_same_batch(
        self, pipeline: FakePipeline, first: str, number: int
    ) -> None:
        """Route did not work for hours, so the notification and the report wait together."""
        pipeline.ledger.items[ID] = samples.attempt(ID, number=number)
        report = own_notification(ID, Outcome.EXPIRED, "relay", "nothing was heard")
        if first == "report":
            pipeline.queues.put(NOTIFICATION_QUEUE, report)
        notify(pipeline, samples.completed(ID))
        if first == "notification":
            pipeline.queues.put(NOTIFICATION_QUEUE, report)

        counts = pipeline.deliver_to_route().counts

        assert counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}


class TestAnUntrackedInference:
    @pytest.mark.parametrize("theirs", ["reconcile#cursor", "order-17"])
    def test_is_kept_under_an_id_that_no_other_item_has(
        self, pipeline: FakePipeline, theirs: str
    ) -> None:
        """The table also holds reconcile's cursor, and what provision remembers."""
        notify(pipeline, samples.completed(theirs))
        pipeline.deliver_to_route()

        ((key, state),) = pipeline.ledger.states.items()
        assert re.fullmatch("[0-9a-f]{32}", key)
        assert state is AttemptState.COMPLETED

    def test_under_an_id_that_was_used_before_has_its_own_result(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed("order-17"))
        pipeline.deliver_to_route()
        again = samples.completed("order-17", receivedTime="2026-11-20T12:00:02.919Z")
        notify(pipeline, again)
        notify(pipeline, again)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}
        assert len(set(subjects(pipeline))) == 2

    def test_is_not_taken_for_the_relays_request_with_that_own_id(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.call_submit({"body": "1,2", "request_id": "order-17"})
        (own,) = pipeline.endpoint.invoked
        notify(pipeline, samples.completed("order-17"))

        pipeline.deliver_to_route()
        notify(pipeline, samples.completed(own))
        pipeline.deliver_to_route()

        tracked = [json.loads(each.body)["data"]["tracked"] for each in pipeline.results()]
        assert tracked == [False, True]
        assert own in subjects(pipeline)

    def test_is_routed_once(self, pipeline: FakePipeline) -> None:
        notify(pipeline, samples.completed("order-17"))
        pipeline.deliver_to_route()
        pipeline.clock.advance(3600)
        notify(pipeline, samples.completed("order-17"))

        assert pipeline.deliver_to_route().counts == {Count.DUPLICATE: 1}

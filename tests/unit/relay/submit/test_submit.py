"""Submitting: nothing is lost, nothing is inferred twice without need, and reasons are given."""

import json
from typing import Any

import pytest
from relay.delivery.report import Count, Level
from relay.errors import PermanentError, RelayError
from relay.model import AttemptState

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import (
    DENIED,
    NOT_READY,
    THROTTLED,
    UNANSWERED,
    logged,
    put,
    reports_of_rejection,
    upload,
)
from tests.support.samples import BUCKET, OUTPUTS, SUBMIT_QUEUE


class TestAnUpload:
    def test_is_claimed_and_invoked_with_its_own_id(self, pipeline: FakePipeline) -> None:
        (request_id,) = upload(pipeline, "inputs/orders/a.csv")

        report = pipeline.deliver_to_submit()

        (submission,) = pipeline.endpoint.invocations
        assert submission.attempt.id == submission.request.id == request_id
        assert str(submission.request.location) == f"s3://{BUCKET}/inputs/orders/a.csv"
        assert pipeline.ledger.states == {request_id: AttemptState.OPEN}
        assert report.counts == {Count.SUBMITTED: 1}
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    def test_that_s3_announces_on_both_ways_is_one_request(self, pipeline: FakePipeline) -> None:
        """By its own notification and through EventBridge, from a bucket with versions."""
        key = "inputs/größe + (1).csv"
        announced = samples.event("submit/eventbridge-object-created")
        s3_object = {"key": key, "size": 12, "etag": "e1", "version-id": "v1", "sequencer": "00A1"}
        announced["detail"] |= {"bucket": {"name": BUCKET}, "object": s3_object}
        put(pipeline, samples.upload(key, versionId="v1"))
        put(pipeline, announced)

        report = pipeline.deliver_to_submit()

        (submission,) = pipeline.endpoint.invocations
        assert str(submission.request.location) == f"s3://{BUCKET}/{key}"
        assert report.counts == {Count.SUBMITTED: 1, Count.DUPLICATE: 1}

    def test_is_claimed_before_it_is_invoked(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv", "inputs/b.csv")

        pipeline.deliver_to_submit()

        assert pipeline.faults.steps == ["ledger.claim"] * 2 + ["endpoint.invoke"] * 2

    def test_that_sagemaker_puts_elsewhere_is_found_there(self, pipeline: FakePipeline) -> None:
        here, there = upload(pipeline, "inputs/a.csv", "inputs/b.csv")
        pipeline.endpoint.output_locations[there] = f"{OUTPUTS}elsewhere/{there}.out"

        pipeline.deliver_to_submit()

        assert pipeline.ledger.items[here].output_location == f"{OUTPUTS}{here}"
        assert pipeline.ledger.items[there].output_location == f"{OUTPUTS}elsewhere/{there}.out"
        assert pipeline.faults.steps.count("ledger.renew") == 1

    def test_whose_output_could_not_be_noted_is_submitted_all_the_same(
        self, pipeline: FakePipeline
    ) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.output_locations[request_id] = f"{OUTPUTS}elsewhere/{request_id}.out"
        pipeline.faults.plan("ledger.renew", THROTTLED)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1}
        assert logged(report, Level.INFO) == ["output location not written"]


class TestTheEndpoint:
    @pytest.mark.parametrize("trouble", [THROTTLED, NOT_READY, DENIED])
    def test_that_refuses_for_now_costs_nothing(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = trouble

        report = pipeline.deliver_to_submit()

        assert report.counts[Count.RETURNED] == 1
        assert pipeline.ledger.items == {}

        pipeline.endpoint.trouble = None
        pipeline.clock.advance(900)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}
        assert pipeline.endpoint.invoked == [request_id]

    def test_returns_messages_after_growing_delays(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = THROTTLED

        for _ in range(10):
            pipeline.deliver_to_submit()
            pipeline.clock.advance(900)

        assert [seconds for _, seconds in pipeline.inbox.delays] == [
            5, 10, 20, 40, 80, 160, 320, 640, 900, 900,
        ]  # fmt: skip

    def test_returns_only_what_was_throttled(self, pipeline: FakePipeline) -> None:
        first, second, third = upload(pipeline, "inputs/a.csv", "inputs/b.csv", "inputs/c.csv")
        pipeline.faults.plan("endpoint.invoke", THROTTLED, nth=2)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 2, Count.RETURNED: 1}
        assert list(report.returned) == ["relay-SubmitQueue-2"]
        assert pipeline.endpoint.invoked == [first, third]
        assert set(pipeline.ledger.items) == {first, third}

    def test_that_is_away_is_not_asked_again_in_this_batch(self, pipeline: FakePipeline) -> None:
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(60)))
        pipeline.endpoint.trouble = NOT_READY

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 60}
        assert pipeline.faults.steps.count("endpoint.invoke") == 25
        assert pipeline.ledger.items == {}

    def test_that_throttles_is_asked_for_every_request(self, pipeline: FakePipeline) -> None:
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(60)))
        pipeline.endpoint.trouble = THROTTLED

        pipeline.deliver_to_submit()

        assert pipeline.faults.steps.count("endpoint.invoke") == 60

    def test_that_denies_access_is_logged_as_an_error(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = DENIED

        report = pipeline.deliver_to_submit()

        assert report.counts[Count.ACCESS_DENIED] == 1
        assert logged(report, Level.ERROR) == ["deferred"]

    def test_that_does_not_answer_may_have_taken_it_so_the_claim_stays(
        self, pipeline: FakePipeline
    ) -> None:
        """A further attempt that is released would lose its request: its result comes untracked."""
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("endpoint.invoke", UNANSWERED, after=True)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.ledger.states == {request_id: AttemptState.OPEN}

        pipeline.clock.advance(900)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}
        assert pipeline.ledger.states == {request_id: AttemptState.OPEN}

    def test_that_calls_a_request_invalid_has_it_rejected(self, pipeline: FakePipeline) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("endpoint.invoke", PermanentError("ValidationError: no such thing"))

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.REFUSED: 1}
        (rejection,) = reports_of_rejection(pipeline)
        assert rejection["inferenceId"] == request_id
        assert rejection["failureReason"] == "ValidationError: no such thing"


class TestAnImpossibleRequest:
    def test_is_reported_as_rejected_on_the_way_of_every_result(
        self, pipeline: FakePipeline
    ) -> None:
        (request_id,) = upload(pipeline, "outputs/a.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.REFUSED: 1}
        assert pipeline.endpoint.invoked == []
        (rejection,) = reports_of_rejection(pipeline)
        assert rejection["inferenceId"] == request_id
        assert rejection["invocationStatus"] == "rejected"
        assert (
            rejection["failureReason"]
            == f"input location is not under {samples.INPUTS}; upload the input there"
        )

        pipeline.deliver_to_route()
        (result,) = pipeline.results()
        assert json.loads(result.body)["data"]["outcome"] == "rejected"
        assert pipeline.ledger.states == {request_id: AttemptState.REJECTED}

    def test_names_all_problems_in_one_reason(self, pipeline: FakePipeline) -> None:
        put(pipeline, {"ttl_seconds": 5, "timeout_seconds": 9999, "custom_attributes": "ü"})

        pipeline.deliver_to_submit()

        (rejection,) = reports_of_rejection(pipeline)
        assert rejection["failureReason"].count("; ") >= 3

    def test_beyond_all_bounds_is_still_only_its_own_problem(self, pipeline: FakePipeline) -> None:
        put(pipeline, {"body": "1", "ttl_seconds": -(2**53), "custom_attributes": "x" * 400_000})
        (good,) = upload(pipeline, "inputs/a.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.REFUSED: 1, Count.SUBMITTED: 1}
        assert pipeline.endpoint.invoked == [good]

    def test_that_cannot_be_reported_comes_back(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "outputs/a.csv")
        pipeline.faults.plan("queues.send", THROTTLED)

        first = pipeline.deliver_to_submit()
        pipeline.clock.advance(60)
        second = pipeline.deliver_to_submit()

        assert first.counts == {Count.RETURNED: 1}
        assert second.counts == {Count.REFUSED: 1}
        assert len(reports_of_rejection(pipeline)) == 1


class TestTime:
    def test_that_has_run_out_gives_everything_back_untouched(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv", "inputs/b.csv")

        report = pipeline.deliver_to_submit(seconds=0)

        assert report.counts == {Count.RETURNED: 2}
        assert pipeline.ledger.items == {}
        assert pipeline.endpoint.invoked == []

    def test_that_runs_out_on_the_way_gives_the_rest_back(self, pipeline: FakePipeline) -> None:
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(60)))
        pipeline.endpoint.invoke = _slowly(pipeline, seconds=11)  # type: ignore[method-assign]

        report = pipeline.deliver_to_submit(seconds=50)

        assert report.counts == {Count.SUBMITTED: 50, Count.RETURNED: 10}
        assert len(pipeline.endpoint.invoked) == 50


def _slowly(pipeline: FakePipeline, seconds: float) -> Any:
    invoke = pipeline.endpoint.invoke

    def slow(submissions: Any) -> Any:
        pipeline.clock.advance(seconds)
        return invoke(submissions)

    return slow


def test_no_log_line_holds_a_payload(pipeline: FakePipeline) -> None:
    secret = "4111111111111111"
    pipeline.faults.plan("endpoint.invoke", THROTTLED, nth=2)
    put(pipeline, {"body": secret, "custom_attributes": secret})
    put(pipeline, {"body": secret * 9_000})
    put(pipeline, {"body": secret, "custom_attributes": secret + "\n"})
    put(pipeline, {"body": secret, "ttl_seconds": "soon"})

    report = pipeline.deliver_to_submit()

    assert len(report.notes) >= 3
    assert secret not in repr(report.notes)


def test_an_invalid_request_that_only_the_adapter_can_see_is_rejected(
    pipeline: FakePipeline,
) -> None:
    upload(pipeline, "inputs/a.csv")
    pipeline.faults.plan("endpoint.invoke", PermanentError("Parameter validation failed"))

    assert pipeline.deliver_to_submit().counts == {Count.REFUSED: 1}

"""Resubmissions: an ended request once more, with the input and the headers that the ledger has."""

import json
from typing import Any

import pytest
from relay.delivery.report import Count, RequestAnswer
from relay.errors import TransientError
from relay.ids import request_id_of_resubmission
from relay.model import AttemptState
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.pipeline.notifying import ID, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import NOT_READY, put
from tests.support.samples import BUCKET, SUBMIT_DEAD_LETTERS, SUBMIT_QUEUE

AGAIN = request_id_of_resubmission(ID)
CALL = {"requests": [{"resubmission_of": ID}]}


@pytest.fixture
def pipeline() -> FakePipeline:
    """One request that failed, with headers of its own."""
    pipeline = FakePipeline()
    submitted(
        pipeline,
        state=AttemptState.FAILED,
        location=S3Uri(BUCKET, "inputs/orders/a.csv"),
        content_type="application/json",
        accept="text/csv",
        custom_attributes="team=fraud",
        ttl_seconds=600,
    )
    return pipeline


def answer(pipeline: FakePipeline, **stated: str) -> RequestAnswer:
    (found,) = pipeline.call_submit({"resubmission_of": ID, **stated}).answers
    return found


class TestAResubmission:
    def test_has_the_input_and_the_headers_of_the_request_before(
        self, pipeline: FakePipeline
    ) -> None:
        report = pipeline.call_submit(CALL)

        (submission,) = pipeline.endpoint.invocations
        request = submission.request
        assert request.id == submission.attempt.request_id == AGAIN
        assert request.location == S3Uri(BUCKET, "inputs/orders/a.csv")
        assert (request.content_type, request.accept) == ("application/json", "text/csv")
        assert request.custom_attributes == "team=fraud"
        assert [(each.request_id, each.status) for each in report.answers] == [(AGAIN, "submitted")]

    def test_has_the_maximum_times_of_a_new_request(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit(CALL)

        (submission,) = pipeline.endpoint.invocations
        assert submission.request.ttl_seconds is None
        assert pipeline.ledger.items[AGAIN].ttl_seconds == 21_600

    def test_has_what_the_call_states(self, pipeline: FakePipeline) -> None:
        answer(pipeline, content_type="text/plain", custom_attributes="")

        (submission,) = pipeline.endpoint.invocations
        assert submission.request.content_type == "text/plain"
        assert submission.request.accept == "text/csv"
        assert submission.request.custom_attributes == ""

    def test_ends_in_a_result_that_names_the_request_before(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit(CALL)
        notify(pipeline, samples.completed(AGAIN))

        pipeline.deliver_to_route()

        (result,) = pipeline.results()
        data = json.loads(result.body)["data"]
        assert (data["request_id"], data["resubmission_of"]) == (AGAIN, ID)

    def test_is_made_once_whoever_repeats_it(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit(CALL)
        report = pipeline.call_submit(CALL, "invocation-2")
        put(pipeline, CALL)
        pipeline.deliver_to_submit()

        assert len(pipeline.endpoint.invocations) == 1
        assert [(each.status, each.state) for each in report.answers] == [
            ("duplicate", "submitted")
        ]

    def test_that_failed_too_is_resubmitted_itself(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit(CALL)

        report = pipeline.call_submit({"resubmission_of": AGAIN}, "invocation-2")

        last = request_id_of_resubmission(AGAIN)
        assert [(each.request_id, each.status) for each in report.answers] == [(last, "submitted")]
        assert pipeline.ledger.items[last].resubmission_of == AGAIN
        assert pipeline.ledger.items[last].location == pipeline.ledger.items[ID].location

    def test_that_the_endpoint_does_not_take_yet_is_submitted_later(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.endpoint.trouble = NOT_READY
        report = pipeline.call_submit(CALL)
        pipeline.endpoint.trouble = None
        assert [each.status for each in report.answers] == ["queued"]

        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert pipeline.ledger.items[AGAIN].resubmission_of == ID
        assert pipeline.ledger.items[AGAIN].custom_attributes == "team=fraud"

    def test_is_repeated_by_its_caller_if_the_ledger_does_not_answer(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.faults.plan("ledger.look_up", TransientError("read ledger: timed out"))

        report = pipeline.call_submit(CALL)

        assert pipeline.endpoint.invocations == []
        assert report.returned
        assert pipeline.queues.delivered(SUBMIT_QUEUE) == []


class TestWhatCannotBeResubmitted:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"location": None}, "is a request with an inline body, which the relay does not keep"),
            ({"tracked": False}, "is an inference that another caller submitted"),
            (
                {"number": 2, "request_id": "e" * 32},
                f"is an attempt of the request {'e' * 32}; give the id of the request",
            ),
        ],
    )
    def test_is_invalid_with_the_reason(
        self, pipeline: FakePipeline, changes: dict[str, Any], reason: str
    ) -> None:
        submitted(pipeline, state=AttemptState.FAILED, **changes)

        found = answer(pipeline)

        assert found.status == "invalid"
        assert f"resubmission_of {reason}" in (found.reason or "")
        assert pipeline.endpoint.invocations == []

    def test_affects_no_other_request_of_its_call(self, pipeline: FakePipeline) -> None:
        call = [{"resubmission_of": "e" * 32}, {"resubmission_of": ID}, {"body": "1"}]

        report = pipeline.call_submit({"requests": call})

        statuses = {each.number: each.status for each in report.answers}
        assert statuses == {0: "invalid", 1: "submitted", 2: "submitted"}
        (reason,) = (each.reason for each in report.answers if each.reason)
        assert "is no request that the ledger knows" in reason

    def test_is_parked_alone_where_a_queue_brought_it(self, pipeline: FakePipeline) -> None:
        unknown = {"resubmission_of": "e" * 32, "accept": "text/csv"}
        put(pipeline, {"requests": [unknown, {"resubmission_of": ID}]})

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.PARKED: 1}
        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert json.loads(parked.body) == {"requests": [unknown]}

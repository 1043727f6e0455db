"""Records that Lambda never creates, beside good ones: they harm no neighbor."""

import copy
import json
from collections import Counter
from typing import Any

import pytest
from relay.delivery.report import Count, Level
from relay.delivery.responses import Incomplete, respond
from relay.errors import TransientError
from relay.events.envelopes import read_submissions

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import logged
from tests.support.samples import SUBMIT_DEAD_LETTERS, SUBMIT_QUEUE, Json

IDS = [f"m-{number}" for number in range(5)]


def invoke(pipeline: FakePipeline, event: Json, invocation_id: str) -> tuple[Any, Counter[Count]]:
    """The response of the function, and what it counted."""
    incoming = read_submissions(copy.deepcopy(event), invocation_id)
    pipeline.begin()
    report = pipeline.submit(incoming)
    return respond(incoming, report), report.counts


def repeated(pipeline: FakePipeline, event: Json) -> None:
    """All three tries of Lambda, of which each fails."""
    for _ in range(3):
        with pytest.raises(Incomplete):
            invoke(pipeline, event, "invocation-1")


def batch(**changes: object) -> Json:
    """Messages with uploads, of which the third one's record has these members too."""
    records = [
        samples.sqs_record(json.dumps(samples.upload(f"inputs/{each}.csv")), message_id=each)
        for each in IDS
    ]
    records[2] |= changes
    return {"Records": records}


class TestADirectEventOfS3:
    @pytest.mark.parametrize("bad", [None, 7, {}, {"eventSource": "aws:other"}], ids=str)
    @pytest.mark.parametrize("at", [0, 1, 2])
    def test_submits_the_other_records(self, pipeline: FakePipeline, at: int, bad: object) -> None:
        records = [samples.upload(f"inputs/{name}.csv")["Records"][0] for name in "ab"]
        records.insert(at, bad)

        repeated(pipeline, {"Records": records})

        assert len(pipeline.endpoint.invoked) == len(set(pipeline.endpoint.invoked)) == 2


class TestADirectEventOfSns:
    def test_infers_the_other_records_once(self, pipeline: FakePipeline) -> None:
        event = samples.sns_event(samples.upload("inputs/a.csv"))
        event["Records"].append({"EventSource": "aws:sns", "Sns": {}})

        repeated(pipeline, event)

        assert len(pipeline.endpoint.invoked) == 1


class TestAMessageOfManyRecords:
    @pytest.mark.parametrize("good", [0, 1])
    def test_is_parked_once(self, pipeline: FakePipeline, good: int) -> None:
        """As many records as fit into a message, each with a problem of its own."""
        bad = [{"eventVersion": f"{number}"} for number in range(3, 2_203)]
        records = [*samples.upload("inputs/a.csv")["Records"][:good], *bad]
        body = json.dumps({"Records": records})
        pipeline.queues.put(SUBMIT_QUEUE, body)

        report = pipeline.deliver_to_submit()

        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert parked.body == body
        assert sum(len(value) for _, value in parked.attributes) < 1_200
        assert (report.counts[Count.PARKED], report.counts[Count.SUBMITTED]) == (1, good)


class TestAMessage:
    @pytest.mark.parametrize("receipt", [None, "", 7])
    def test_without_a_receipt_is_submitted(self, pipeline: FakePipeline, receipt: object) -> None:
        response, counts = invoke(pipeline, batch(receiptHandle=receipt), "invocation-1")

        assert (response, counts) == ({"batchItemFailures": []}, {Count.SUBMITTED: 5})

    def test_without_a_receipt_is_returned_by_its_id(self, pipeline: FakePipeline) -> None:
        pipeline.endpoint.trouble = TransientError("throttled")

        response, _ = invoke(pipeline, batch(receiptHandle=None), "invocation-1")

        assert [each["itemIdentifier"] for each in response["batchItemFailures"]] == IDS
        ((delayed, _), *others) = pipeline.inbox.delays
        assert (delayed, len(others)) == ("m-0", 3)

    @pytest.mark.parametrize("source", [None, "aws:kinesis"])
    @pytest.mark.parametrize("receipt", [None, "receipt"])
    def test_of_another_source_is_parked(
        self, pipeline: FakePipeline, source: object, receipt: object
    ) -> None:
        event = batch(eventSource=source, receiptHandle=receipt)

        response, counts = invoke(pipeline, event, "invocation-1")

        assert response == {"batchItemFailures": []}
        assert counts == {Count.SUBMITTED: 4, Count.PARKED: 1}

    @pytest.mark.parametrize("message_id", [None, "", 7])
    def test_without_an_id_is_parked(self, pipeline: FakePipeline, message_id: object) -> None:
        event = batch(messageId=message_id)

        response, counts = invoke(pipeline, event, "invocation-1")

        assert response == {"batchItemFailures": []}
        assert counts == {Count.SUBMITTED: 4, Count.PARKED: 1}
        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert "inputs/m-2.csv" in parked.body

    def test_without_an_id_that_is_not_parked_is_counted(self, pipeline: FakePipeline) -> None:
        """A batch item failure without an id would bring the whole batch back."""
        pipeline.queues.trouble[SUBMIT_DEAD_LETTERS] = TransientError("throttled")
        event = batch(messageId=None)
        incoming = read_submissions(event, "invocation-1")
        pipeline.begin()

        report = pipeline.submit(incoming)

        assert respond(incoming, report) == {"batchItemFailures": []}
        assert report.counts == {Count.SUBMITTED: 4, Count.BROKEN: 1}
        assert "a message without an id cannot be returned" in logged(report, Level.ERROR)

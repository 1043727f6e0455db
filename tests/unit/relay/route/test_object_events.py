"""S3's events as the second channel: what SageMaker's notifications do not tell."""

import json
from collections.abc import Mapping

import pytest
from relay.ids import attempt_id
from relay.model import AttemptState
from relay.report import Count, Report

from tests.support import samples
from tests.support.notifying import ID, documents, notify, submitted
from tests.support.pipelines import FakePipeline
from tests.support.samples import BUCKET, FAILURES, NOTIFICATION_QUEUE, OUTPUTS, Json

OUTPUT = f"outputs/{ID}.out"
FAILURE = f"failures/async-endpoint-failures/x/{ID}-error.out"
WRITTEN = "2026-11-20T12:00:09.000Z"

NO_TOPIC = {"SUCCESS_TOPIC_ARN": "", "ERROR_TOPIC_ARN": ""}
ONE_TOPIC = {"ERROR_TOPIC_ARN": samples.SUCCESS_TOPIC}
NO_SUCCESS_TOPIC = {"SUCCESS_TOPIC_ARN": ""}
NO_ERROR_TOPIC = {"ERROR_TOPIC_ARN": ""}


def written(key: str, bucket: str = BUCKET) -> Json:
    event = samples.upload(key, bucket=bucket)
    event["Records"][0]["eventTime"] = WRITTEN
    return event


def tell(pipeline: FakePipeline, *events: Json) -> None:
    """What S3 puts into the queue."""
    for event in events:
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(event))


def route(pipeline: FakePipeline, times: int = 1) -> Report:
    """So many deliveries, with the time between that messages may have to wait."""
    for _ in range(times - 1):
        pipeline.deliver_to_route()
        pipeline.clock.advance(900)
    return pipeline.deliver_to_route()


def with_topics(topics: Mapping[str, str]) -> FakePipeline:
    pipeline = FakePipeline(route=dict(topics))
    submitted(pipeline)
    return pipeline


class TestAnOutputObject:
    def test_ends_its_attempt_at_once_where_no_notification_can_come(self) -> None:
        pipeline = with_topics(NO_TOPIC)
        tell(pipeline, written(OUTPUT))

        report = route(pipeline)

        assert report.counts == {Count.COMPLETED: 1}
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        (document,) = documents(pipeline)
        data = document["data"]
        assert data["output"] == {"location": f"{OUTPUTS}{ID}.out"}
        assert (data["endpoint"], data["tracked"]) == ("relay", True)
        assert data["custom_attributes"] == "warehouse=north"
        assert data["timing"]["finished"] == document["time"] == WRITTEN
        assert "received" not in data["timing"]

    @pytest.mark.parametrize("topics", [NO_TOPIC, NO_SUCCESS_TOPIC])
    def test_of_a_further_attempt_is_the_requests(self, topics: Mapping[str, str]) -> None:
        pipeline = with_topics(topics)
        second = attempt_id(ID, 2)
        submitted(pipeline, second, request_id=ID, number=2)
        tell(pipeline, written(f"outputs/{second}"))

        route(pipeline)

        (document,) = documents(pipeline)
        assert (document["id"], document["data"]["attempts"]) == (ID, 2)

    def test_comes_after_its_notification_and_is_a_duplicate(self) -> None:
        pipeline = with_topics({})
        notify(pipeline, samples.completed(ID))
        route(pipeline)
        tell(pipeline, written(OUTPUT))

        report = route(pipeline)

        assert report.counts == {Count.DUPLICATE: 1}
        assert len(documents(pipeline)) == 1

    def test_comes_first_and_waits_for_its_notification_which_tells_more(self) -> None:
        pipeline = with_topics({})
        tell(pipeline, written(OUTPUT))

        assert route(pipeline).counts == {Count.RETURNED: 1}
        assert documents(pipeline) == []

        notify(pipeline, samples.completed(ID))
        pipeline.clock.advance(900)
        assert route(pipeline).counts == {Count.COMPLETED: 1, Count.RETURNED: 1}
        pipeline.clock.advance(900)
        assert route(pipeline).counts == {Count.DUPLICATE: 1}
        (document,) = documents(pipeline)
        assert document["data"]["output"]["content_type"] == "application/json"

    @pytest.mark.parametrize("topics", [{}, ONE_TOPIC, NO_ERROR_TOPIC])
    def test_makes_up_for_a_notification_that_is_lost(self, topics: Mapping[str, str]) -> None:
        pipeline = with_topics(topics)
        tell(pipeline, written(OUTPUT))

        report = route(pipeline, times=4)

        assert report.counts == {Count.COMPLETED: 1}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_loses_to_a_notification_in_the_same_batch_wherever_it_stands(self) -> None:
        pipeline = with_topics({})
        tell(pipeline, written(OUTPUT))
        for _ in range(3):
            route(pipeline)
            pipeline.clock.advance(900)
        notify(pipeline, samples.completed(ID))

        report = route(pipeline)

        assert report.counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}
        (document,) = documents(pipeline)
        assert document["data"]["output"]["content_type"] == "application/json"

    def test_twice_is_routed_once(self) -> None:
        pipeline = with_topics(NO_TOPIC)
        tell(pipeline, written(OUTPUT), written(OUTPUT))

        assert route(pipeline).counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}

    def test_of_a_quick_model_waits_until_submit_knows_where_it_lies(self) -> None:
        """Submit predicts a location before it invokes, and corrects it afterwards."""
        pipeline = with_topics(NO_TOPIC)
        there = f"outputs/team-a/{ID}.out"
        tell(pipeline, written(there))
        assert route(pipeline).counts == {Count.RETURNED: 1}
        submitted(pipeline, output_location=f"s3://{BUCKET}/{there}")
        pipeline.clock.advance(900)

        assert route(pipeline).counts == {Count.COMPLETED: 1}

        (document,) = documents(pipeline)
        assert document["data"]["output"] == {"location": f"s3://{BUCKET}/{there}"}

    def test_straight_to_the_function_has_no_queue_to_wait_in(self) -> None:
        pipeline = with_topics({})

        report = pipeline.call_route(written(OUTPUT))

        assert report.counts == {Count.COMPLETED: 1}


class TestAFailureObject:
    @pytest.mark.parametrize("topics", [NO_TOPIC, NO_ERROR_TOPIC])
    def test_ends_its_attempt_where_no_error_can_be_notified(
        self, topics: Mapping[str, str]
    ) -> None:
        pipeline = with_topics(topics)
        tell(pipeline, written(FAILURE))

        report = route(pipeline)

        assert report.counts == {Count.FAILED: 1}
        (document,) = documents(pipeline)
        assert document["data"]["failure"] == {
            "reason": "the model or SageMaker failed; the failure object tells more",
            "classification": "permanent",
            "location": f"s3://{BUCKET}/{FAILURE}",
        }

    def test_waits_for_the_reason_so_that_what_may_pass_is_tried_again(self) -> None:
        pipeline = with_topics({})
        tell(pipeline, written(FAILURE))
        route(pipeline)
        notify(pipeline, samples.failed(ID, samples.SERVER_ERROR))
        pipeline.clock.advance(900)

        report = route(pipeline)

        assert report.counts == {Count.RETRIED: 1, Count.RETURNED: 1}
        pipeline.clock.advance(900)
        assert route(pipeline).counts == {Count.DUPLICATE: 1}
        assert documents(pipeline) == []


class TestAnObjectOfNoAttempt:
    @pytest.mark.parametrize(
        "key",
        [
            "outputs/0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7.out",
            f"outputs/{'b' * 32}.out",
            f"outputs/{ID}{ID}.out",
            "failures/0c6e5d2a-error.out",
            "outputs/report.csv",
        ],
    )
    def test_is_ignored_and_counted_not_guessed_at(self, key: str) -> None:
        pipeline = with_topics(NO_TOPIC)
        tell(pipeline, written(key))

        report = route(pipeline)

        assert report.counts == {Count.IGNORED: 1}
        assert documents(pipeline) == []
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_but_of_the_name_of_one_waits_for_submit_and_is_ignored_then(self) -> None:
        pipeline = with_topics(NO_TOPIC)
        tell(pipeline, written(f"outputs/somewhere/else/{ID}.out"))

        assert route(pipeline).counts == {Count.RETURNED: 1}
        pipeline.clock.advance(900)
        assert route(pipeline, times=3).counts == {Count.IGNORED: 1}

        assert documents(pipeline) == []
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_does_not_stop_the_others_of_its_message(self) -> None:
        pipeline = with_topics(NO_TOPIC)
        event = written("outputs/report.csv")
        event["Records"] += written(OUTPUT)["Records"]
        tell(pipeline, event)

        assert route(pipeline).counts == {Count.IGNORED: 1, Count.COMPLETED: 1}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (written(OUTPUT, bucket="elsewhere"), f"s3://elsewhere/{OUTPUT} lies neither under"),
        (written(f"inputs/{ID}"), f"s3://{BUCKET}/inputs/{ID} lies neither under"),
        (written(f"outputs/../inputs/{ID}"), "lies neither under"),
        (samples.sns_envelope(written(OUTPUT)), "it tells of an object, but it came through"),
    ],
)
def test_what_the_data_bucket_would_not_say_is_parked(event: Json, reason: str) -> None:
    pipeline = with_topics({})
    tell(pipeline, event)

    report = route(pipeline)

    assert report.counts == {Count.PARKED: 1}
    (parked,) = pipeline.queues.delivered(samples.NOTIFICATION_DEAD_LETTERS)
    assert reason in dict(parked.attributes)["reason"]


@pytest.mark.parametrize("event", [{"Event": "s3:TestEvent"}, written("outputs/")])
def test_what_s3_says_beside_is_ignored(event: Json) -> None:
    pipeline = with_topics({})
    tell(pipeline, event)

    assert route(pipeline).counts == {Count.IGNORED: 1}


def test_one_topic_for_both_kinds_is_believed_for_both() -> None:
    pipeline = with_topics(ONE_TOPIC)
    submitted(pipeline, "b" * 32)
    notify(pipeline, samples.completed(ID), samples.failed("b" * 32))

    assert route(pipeline).counts == {Count.COMPLETED: 1, Count.FAILED: 1}


def test_a_topic_that_the_deployment_does_not_have_is_foreign() -> None:
    pipeline = with_topics(NO_TOPIC)
    notify(pipeline, samples.completed(ID))

    assert route(pipeline).counts == {Count.PARKED: 1}


def test_the_folder_of_failures_is_known() -> None:
    assert FAILURE.startswith(FAILURES.key)

"""Results on their way to several targets, while targets and routes come and go."""

import json
import random
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.further_targets import FurtherTargets, changed_routes
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import Target, await_routes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UPLOADS = 500


@pytest.fixture(scope="module")
def further(target: Target) -> FurtherTargets:
    targets = FurtherTargets(target)
    targets.create()
    return targets


def upload(s3: "S3Client", bucket: str, folder: str, count: int) -> list[str]:
    """The subjects of so many uploads into a folder of their own."""
    keys = [f"inputs/{folder}/{uuid.uuid4().hex}.csv" for _ in range(count)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=GOOD), keys))
    return sorted(f"s3://{bucket}/{key}" for key in keys)


@pytest.mark.assumption("parameter-read-at-once")
def test_no_result_is_lost_or_doubled_when_the_routes_change_under_way(
    target: Target, s3: "S3Client", downstream: Downstream, further: FurtherTargets
) -> None:
    folder = f"changing-{uuid.uuid4().hex}"
    bucket = target.outputs["DataBucketName"]

    def completed() -> list[str]:
        marker = f"/inputs/{folder}/"
        return sorted(
            subject for m in downstream.received() if marker in (subject := m.event["subject"])
        )

    first = upload(s3, bucket, folder, _UPLOADS // 2)
    target.eventually(lambda: len(completed()) > 20, 30, "the first results")
    elsewhere = target.routing.document(completed=target.routing.archive)
    with changed_routes(target, elsewhere):
        uploads = sorted([*first, *upload(s3, bucket, folder, _UPLOADS // 2)])

        def archived() -> list[str]:
            return further.subjects("archive", folder)

        target.eventually(lambda: len(completed() + archived()) >= _UPLOADS, 120, "all results")
        downstream.everything()

        assert sorted(completed() + archived()) == uploads
        assert completed()
        assert archived()


def test_a_changed_document_is_in_force_five_seconds_later(
    target: Target, s3: "S3Client", downstream: Downstream, further: FurtherTargets
) -> None:
    folder = f"changed-{uuid.uuid4().hex}"
    bucket = target.outputs["DataBucketName"]
    (first,) = upload(s3, bucket, folder, 1)
    downstream.result(first, 30)  # route remembers the routes that delivered it

    with changed_routes(target, target.routing.document(completed=target.routing.archive)):
        await_routes()
        uploads = upload(s3, bucket, folder, 20)
        target.eventually(
            lambda: len(further.subjects("archive", folder)) >= len(uploads), 30, "all in archive"
        )

    assert further.subjects("archive", folder) == uploads
    assert not any(downstream.so_far(subject) for subject in uploads)


def test_a_queue_that_is_gone_holds_back_only_its_own_results(
    target: Target,
    s3: "S3Client",
    downstream: Downstream,
    further: FurtherTargets,
) -> None:
    folder = f"several/{uuid.uuid4().hex}"
    bucket = target.outputs["DataBucketName"]
    further.delete_archive()

    uploads = upload(s3, bucket, folder, 20)
    results = [downstream.result(subject, 30) for subject in uploads]
    for route in ("topic", "bus"):
        target.eventually(lambda: further.subjects(route, folder) == uploads, 30, f"all by {route}")  # noqa: B023
    request = results[0].event["id"]
    held = target.eventually(lambda: _held(target, request), 10, "a held result")
    further.create_archive()
    target.eventually(lambda: len(further.subjects("archive", folder)) >= 20, 60, "the rest")
    downstream.everything()

    assert held == {
        "outcome": "completed",
        "delivered_by": ["bus", "completed", "topic"],
        "not_delivered_by": ["archive"],
    }
    for route in ("archive", "topic", "bus"):
        assert further.subjects(route, folder) == uploads
    assert Counter(m.event["subject"] for m in downstream.received())[uploads[0]] == 1


def test_groups_get_their_results_in_the_order_in_which_they_ended(
    target: Target, further: FurtherTargets
) -> None:
    groups = [f"{name}-{uuid.uuid4().hex}" for name in ("north", "south", "west")]
    notifications = [
        _completed(target, groups[number % 3], f"2026-03-11T11:02:{number:02d}.000Z")
        for number in range(60)
    ]
    shuffled = random.Random(7).sample(notifications, 60)

    answer = target.call("RouteFunctionName", _batch(shuffled, target))

    assert answer == {"batchItemFailures": []}
    found = target.eventually(lambda: _grouped(further, groups), 15, "all results")
    for number, group in enumerate(groups):
        ended = [each["eventTime"] for each in notifications[number::3]]
        assert [each["data"]["timing"]["finished"] for each in found[group]] == ended


def _grouped(further: FurtherTargets, groups: list[str]) -> dict[str, list[dict[str, Any]]] | None:
    by_group = defaultdict(list)
    for each in further.receive()["ordered"]:
        by_group[further.groups[each["id"]]].append(each)
    complete = sum(len(by_group[group]) for group in groups) >= 60
    return by_group if complete else None


def _held(target: Target, request_id: str) -> object:
    asked = {"action": "status", "request_id": request_id}
    return target.call("ReconcileFunctionName", asked)["attempts"][0].get("held")


def _completed(target: Target, group: str, ended: str) -> dict[str, Any]:
    """Of an inference that the relay did not submit."""
    bucket, name = target.outputs["DataBucketName"], uuid.uuid4().hex
    return {
        "awsRegion": target.region,
        "eventTime": ended,
        "receivedTime": "2026-03-11T09:40:31.127Z",
        "invocationStatus": "Completed",
        "requestParameters": {
            "endpointName": target.outputs["EndpointName"],
            "inputLocation": f"s3://{bucket}/inputs/ordered/{name}.csv",
            "customAttributes": group,
        },
        "responseParameters": {
            "contentType": "text/csv",
            "outputLocation": f"s3://{bucket}/outputs/{name}.out",
        },
        "inferenceId": name,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _batch(notifications: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """What Lambda hands over for messages with raw delivery."""
    return {
        "Records": [
            {
                "messageId": str(uuid.uuid4()),
                "receiptHandle": "none",
                "body": json.dumps(notification),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": target.routing.queue("NotificationQueue"),
            }
            for notification in notifications
        ]
    }

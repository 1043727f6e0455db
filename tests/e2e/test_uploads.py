"""From an upload to its one result."""

import json
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from local.model.data import held_out_rows
from tests.e2e.pipeline import DeadLetters, Downstream, eventually
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_ROW = held_out_rows()[0]

# What a person types into a Python prompt after `source .local/env`.
_UPLOAD = """
import boto3, sys
boto3.client("s3").put_object(Bucket=sys.argv[1], Key=sys.argv[2], Body=sys.argv[3])
"""


def test_an_upload_with_plain_boto3_has_its_result_within_ten_seconds(
    stack: RunningStack, s3: "S3Client", downstream: Downstream, key: str
) -> None:
    bucket = stack.outputs["DataBucketName"]

    subprocess.run(
        [
            *("/bin/sh", "-ec", '. "$0"; exec "$@"', str(stack.settings.environment_file)),
            *(sys.executable, "-c", _UPLOAD, bucket, key, _ROW.to_csv()),
        ],
        env={},
        check=True,
    )
    message = downstream.result(f"s3://{bucket}/{key}", seconds=10)

    assert message.queue == "CompletedQueue"
    assert message.event["specversion"] == "1.0"
    assert message.event["data"]["outcome"] == message.attributes["outcome"] == "completed"
    output = message.event["data"]["output"]["location"].removeprefix(f"s3://{bucket}/")
    score = float(s3.get_object(Bucket=bucket, Key=output)["Body"].read())
    assert (score > 0.5) == _ROW.malignant


def test_an_input_that_the_model_refuses_fails_with_a_reason(
    stack: RunningStack, s3: "S3Client", downstream: Downstream, key: str
) -> None:
    bucket = stack.outputs["DataBucketName"]

    s3.put_object(Bucket=bucket, Key=key, Body=b"not,a,number")
    message = downstream.result(f"s3://{bucket}/{key}")

    assert message.queue == "FailedQueue"
    assert "client error (400)" in message.event["data"]["failure"]["reason"]


def test_a_key_that_no_request_can_name_is_rejected_with_a_reason(
    stack: RunningStack, s3: "S3Client", downstream: Downstream
) -> None:
    bucket = stack.outputs["DataBucketName"]
    key = f"inputs/{uuid.uuid4().hex}".ljust(1020, "x") + ".csv"

    s3.put_object(Bucket=bucket, Key=key, Body=_ROW.to_csv())
    message = downstream.result(f"s3://{bucket}/{key}")

    assert message.queue == "FailedQueue"
    assert message.event["data"]["outcome"] == "rejected"
    assert "1,024" in message.event["data"]["failure"]["reason"]


def test_an_event_that_is_delivered_three_times_has_one_result(
    stack: RunningStack, s3: "S3Client", sqs: "SQSClient", downstream: Downstream, key: str
) -> None:
    bucket = stack.outputs["DataBucketName"]
    subject = f"s3://{bucket}/{key}"
    s3.put_object(Bucket=bucket, Key=key, Body=_ROW.to_csv())
    first = downstream.result(subject)

    # Another event about the same key: a later write, as its sequencer says.
    for _ in range(3):
        sqs.send_message(
            QueueUrl=stack.outputs["SubmitQueueUrl"], MessageBody=_event(bucket, key, "FF00")
        )
    # While it is being inferred no queue holds it, and the pipeline looks empty.
    eventually(lambda: len(downstream.so_far(subject)) > 1, 10, "the later write's result")
    messages = downstream.all_results(subject)

    others = [message for message in messages if message.event["id"] != first.event["id"]]
    assert len(others) == 1
    assert len(messages) == 2


def test_a_message_that_is_no_event_is_parked_and_the_rest_of_its_batch_goes_on(
    stack: RunningStack,
    s3: "S3Client",
    sqs: "SQSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
    key: str,
) -> None:
    bucket = stack.outputs["DataBucketName"]
    s3.put_object(Bucket=bucket, Key=key, Body=_ROW.to_csv())
    first = downstream.result(f"s3://{bucket}/{key}")

    sent = sqs.send_message_batch(
        QueueUrl=stack.outputs["SubmitQueueUrl"],
        Entries=[
            {"Id": "broken", "MessageBody": "not json"},
            {"Id": "sound", "MessageBody": _event(bucket, key, "FF01")},
        ],
    )
    (broken,) = (entry for entry in sent["Successful"] if entry["Id"] == "broken")

    assert "JSON" in dead_letters.reason(broken["MessageId"])
    # Queues are empty while the model works, so that an empty pipeline is no sign of its result.
    eventually(
        lambda: (
            {m.event["id"] for m in downstream.so_far(f"s3://{bucket}/{key}")} - {first.event["id"]}
        ),
        30,
        "the result of the sound one",
    )


def test_the_event_with_which_s3_tests_a_queue_is_ignored(
    stack: RunningStack,
    sqs: "SQSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
) -> None:
    before = len(downstream.everything()), dead_letters.count()
    body = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-03-11T09:14:47.918Z",
        "Bucket": stack.outputs["DataBucketName"],
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    }

    sqs.send_message(QueueUrl=stack.outputs["SubmitQueueUrl"], MessageBody=json.dumps(body))

    assert (len(downstream.everything()), dead_letters.count()) == before


def _event(bucket: str, key: str, sequencer: str) -> str:
    """An S3 notification about a key, which such notifications form-encode."""
    record: dict[str, Any] = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-03-11T09:14:47.918Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": 200,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": sequencer,
            },
        },
    }
    return json.dumps({"Records": [record]})

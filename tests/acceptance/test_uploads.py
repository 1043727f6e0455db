"""From an upload to its one result."""

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest

from tests.acceptance.pipeline.ends import DeadLetters, Downstream
from tests.acceptance.pipeline.inputs import BAD, GOOD
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Each is spoilt by one careless step: form-decoding, quoting twice, a header in Latin-1, a cut.
_ODD = {
    "spaces": "a row with  spaces.csv",
    "plus signs": "1+1=2.csv",
    "percent signs": "100%25 %2B%.csv",
    "punctuation": "(a)&b=c;d,e@f$g!h'i:j*.csv",
    "umlauts": "größe/Übergrößenträger.csv",
    "ideographs": "行/入力データ.csv",
    "emoji": "📈/🚀.csv",
    "nested folders": "a/b/c/d/e/f/g.csv",
}
_BEYOND_ASCII = {"umlauts", "ideographs", "emoji"}
_MOST_CHARACTERS = 1024  # of an S3 URI in a request


def _cases() -> list[Any]:
    return [
        pytest.param(
            name,
            id=kind,
            marks=pytest.mark.assumption(
                *("s3-key-encoding", "raw-spaces-in-input-location"),
                *(("non-ascii-input-location",) if kind in _BEYOND_ASCII else ()),
            ),
        )
        for kind, name in _ODD.items()
    ]


@pytest.mark.parametrize("name", _cases())
def test_odd_keys_have_their_results(
    target: Target, s3: "S3Client", downstream: Downstream, name: str
) -> None:
    bucket, key = target.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}/{name}"

    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    message = downstream.result(f"s3://{bucket}/{key}", seconds=15)

    assert message.event["data"]["outcome"] == "completed", message.event["data"]


def test_the_longest_key_that_a_request_can_name_is_inferred(
    target: Target, s3: "S3Client", downstream: Downstream
) -> None:
    bucket = target.outputs["DataBucketName"]
    key = _key_of(f"s3://{bucket}/", _MOST_CHARACTERS)

    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)

    assert downstream.result(f"s3://{bucket}/{key}", seconds=15).queue == "CompletedQueue"


def test_a_folder_that_a_console_makes_leads_to_nothing(
    target: Target, s3: "S3Client", downstream: Downstream, dead_letters: DeadLetters
) -> None:
    bucket, folder = target.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}/"
    before = dead_letters.count()

    s3.put_object(Bucket=bucket, Key=folder, Body=b"")
    # An upload after it, so that it is known when the folder has been through.
    s3.put_object(Bucket=bucket, Key=f"{folder}row.csv", Body=GOOD)
    downstream.result(f"s3://{bucket}/{folder}row.csv", seconds=15)

    assert not downstream.all_results(f"s3://{bucket}/{folder}")
    assert dead_letters.count() == before


@pytest.mark.assumption("failed-without-response-parameters", "error-response-included")
def test_an_input_that_the_model_refuses_fails_with_a_reason(
    target: Target, s3: "S3Client", downstream: Downstream, key: str
) -> None:
    bucket = target.outputs["DataBucketName"]

    s3.put_object(Bucket=bucket, Key=key, Body=BAD)
    message = downstream.result(f"s3://{bucket}/{key}")

    assert message.queue == "FailedQueue"
    failure = message.event["data"]["failure"]
    assert "client error (400)" in failure["reason"]
    words = " ".join(failure["body"]["content"].split())
    assert words
    status = target.call("ReconcileFunctionName", {"action": "status", "key": key})
    assert status["state"] == "failed"
    assert words[:20] in status["reason"]
    (request,) = status["requests"]
    assert request["request_id"] == message.event["id"]
    assert request["attempts"][-1]["delivered_by"] == ["otherwise"]


def test_an_object_that_does_not_exist_is_told_apart_from_one_that_is_no_input(
    target: Target, key: str
) -> None:
    def state(asked: str) -> str:
        call = {"action": "status", "key": asked}
        answer: str = target.call("ReconcileFunctionName", call)["state"]
        return answer

    assert state(key) == "no_object"
    assert state(f"elsewhere/{key}") == "not_an_input"


def test_a_key_that_no_request_can_name_is_rejected_with_a_reason(
    target: Target, s3: "S3Client", downstream: Downstream
) -> None:
    bucket = target.outputs["DataBucketName"]
    key = _key_of(f"s3://{bucket}/", _MOST_CHARACTERS + 1)

    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    message = downstream.result(f"s3://{bucket}/{key}")

    assert message.queue == "FailedQueue"
    assert message.event["data"]["outcome"] == "rejected"
    assert "1,024" in message.event["data"]["failure"]["reason"]


def test_an_event_that_is_delivered_three_times_has_one_result(
    target: Target, s3: "S3Client", sqs: "SQSClient", downstream: Downstream, key: str
) -> None:
    bucket = target.outputs["DataBucketName"]
    subject = f"s3://{bucket}/{key}"
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    first = downstream.result(subject)

    # Another event about the same key: a later write, as its sequencer says.
    for _ in range(3):
        sqs.send_message(
            QueueUrl=target.outputs["SubmitQueueUrl"], MessageBody=_event(target, key, "FF00")
        )
    # While it is being inferred no queue holds it, and the pipeline looks empty.
    target.eventually(lambda: len(downstream.so_far(subject)) > 1, 10, "the later write's result")
    messages = downstream.all_results(subject)

    others = [message for message in messages if message.event["id"] != first.event["id"]]
    assert len(others) == 1
    assert len(messages) == 2


@pytest.mark.assumption("partial-batch")
def test_a_message_that_is_no_event_is_parked_and_the_rest_of_its_batch_goes_on(
    target: Target,
    s3: "S3Client",
    sqs: "SQSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
    key: str,
) -> None:
    bucket = target.outputs["DataBucketName"]
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    first = downstream.result(f"s3://{bucket}/{key}")

    sent = sqs.send_message_batch(
        QueueUrl=target.outputs["SubmitQueueUrl"],
        Entries=[
            {"Id": "broken", "MessageBody": "not json"},
            {"Id": "sound", "MessageBody": _event(target, key, "FF01")},
        ],
    )
    (broken,) = (entry for entry in sent["Successful"] if entry["Id"] == "broken")

    assert "JSON" in dead_letters.reason(broken["MessageId"])
    # Queues are empty while the model works, so that an empty pipeline is no sign of its result.
    target.eventually(
        lambda: (
            {m.event["id"] for m in downstream.so_far(f"s3://{bucket}/{key}")} - {first.event["id"]}
        ),
        30,
        "the result of the sound one",
    )


def test_the_event_with_which_s3_tests_a_queue_is_ignored(
    target: Target,
    sqs: "SQSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
) -> None:
    before = len(downstream.everything()), dead_letters.count()
    body = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-03-11T09:14:47.918Z",
        "Bucket": target.outputs["DataBucketName"],
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    }

    sqs.send_message(QueueUrl=target.outputs["SubmitQueueUrl"], MessageBody=json.dumps(body))

    assert (len(downstream.everything()), dead_letters.count()) == before


def _event(target: Target, key: str, sequencer: str) -> str:
    """An S3 notification about a key, which such notifications form-encode."""
    bucket, region = target.outputs["DataBucketName"], target.region
    record: dict[str, Any] = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
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


def _key_of(before: str, characters: int) -> str:
    """A key with which the URI has so many characters."""
    stem = f"inputs/{uuid.uuid4().hex}"
    return stem.ljust(characters - len(before) - len(".csv"), "x") + ".csv"

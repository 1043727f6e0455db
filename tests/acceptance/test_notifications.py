"""From a notification on one of the topics to its result, or to the dead-letter queue."""

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.pipeline.ends import DeadLetters, Downstream
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


def test_a_failed_notification_without_response_parameters_arrives(
    target: Target, sns: "SNSClient", downstream: Downstream, key: str
) -> None:
    notification = _failed(target, key)

    _publish(sns, target.outputs["ErrorTopicArn"], notification)
    message = downstream.result(notification["requestParameters"]["inputLocation"])

    assert message.queue == "FailedQueue"
    assert message.event["data"]["failure"]["reason"] == notification["failureReason"]
    assert message.event["data"]["tracked"] is False


def test_a_test_notification_leads_to_nothing(
    target: Target,
    sns: "SNSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
    key: str,
) -> None:
    before = len(downstream.everything()), dead_letters.count()
    test = {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}

    _publish(sns, target.outputs["SuccessTopicArn"], test)
    _publish(sns, target.outputs["ErrorTopicArn"], test)
    # A notification after them, so that it is known when they have been through.
    last = _failed(target, key)
    _publish(sns, target.outputs["ErrorTopicArn"], last)
    downstream.result(last["requestParameters"]["inputLocation"])

    results, parked = before
    assert (len(downstream.everything()), dead_letters.count()) == (results + 1, parked)


def test_a_notification_that_names_an_output_elsewhere_is_parked(
    target: Target,
    sns: "SNSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
    key: str,
) -> None:
    notification = _completed(target, key, "s3://another-bucket/outputs/1.out")

    _publish(sns, target.outputs["SuccessTopicArn"], notification)
    reason = dead_letters.reason(notification["inferenceId"])

    assert "another-bucket" in reason
    assert not downstream.all_results(notification["requestParameters"]["inputLocation"])


def test_a_message_that_is_no_notification_is_parked_and_the_rest_of_its_batch_goes_on(
    target: Target,
    sqs: "SQSClient",
    downstream: Downstream,
    dead_letters: DeadLetters,
    key: str,
) -> None:
    sound = _failed(target, key)

    sent = sqs.send_message_batch(
        QueueUrl=target.outputs["NotificationQueueUrl"],
        Entries=[
            {"Id": "broken", "MessageBody": "not json"},
            {"Id": "sound", "MessageBody": _envelope(target.outputs["ErrorTopicArn"], sound)},
        ],
    )
    (broken,) = (entry for entry in sent["Successful"] if entry["Id"] == "broken")

    assert "JSON" in dead_letters.reason(broken["MessageId"])
    assert downstream.result(sound["requestParameters"]["inputLocation"]).queue == "FailedQueue"


@pytest.mark.assumption("fifo-deduplication")
def test_a_notification_that_comes_twice_has_one_result(
    target: Target, sns: "SNSClient", downstream: Downstream, key: str
) -> None:
    notification = _failed(target, key)

    for _ in range(2):
        _publish(sns, target.outputs["ErrorTopicArn"], notification)
    subject = notification["requestParameters"]["inputLocation"]
    downstream.result(subject)

    assert len(downstream.all_results(subject)) == 1


def _failed(target: Target, key: str) -> dict[str, Any]:
    """As observed: no `responseParameters`."""
    return {
        "awsRegion": target.region,
        "eventTime": "2026-03-11T11:02:08.45Z",
        "receivedTime": "2026-03-11T09:40:31.127Z",
        "invocationStatus": "Failed",
        "failureReason": "ClientError: Received client error (400) from model. See the SageMaker "
        "Endpoint logs in your account for more information.",
        "requestParameters": {
            "endpointName": target.outputs["EndpointName"],
            "inputLocation": f"s3://{target.outputs['DataBucketName']}/{key}",
        },
        "inferenceId": uuid.uuid4().hex,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _completed(target: Target, key: str, output_location: str) -> dict[str, Any]:
    failed = _failed(target, key)
    del failed["failureReason"]
    return failed | {
        "invocationStatus": "Completed",
        "responseParameters": {"contentType": "text/csv", "outputLocation": output_location},
    }


def _publish(sns: "SNSClient", topic: str, notification: dict[str, Any]) -> None:
    sns.publish(TopicArn=topic, Message=json.dumps(notification, separators=(",", ":")))


def _envelope(topic: str, notification: dict[str, Any]) -> str:
    """What SNS makes of a notification on its way to a queue."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": topic,
            "Message": json.dumps(notification),
            "Timestamp": "2026-03-11T11:02:08.511Z",
            "SignatureVersion": "1",
        }
    )

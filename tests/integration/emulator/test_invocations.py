"""Requests through a real model server, as boto3 and the topics' subscribers see them."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.model.data import held_out_rows
from tests.support.emulator.stack import SCRIPTED, Stack, eventually

SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."
SERVER_ERROR_0 = f"ClientError: Received server error (0) from model. {SEE_LOGS}"


def failure(stack: Stack) -> Any:
    [text] = stack.notifications(stack.errors)
    return json.loads(text)


def test_an_uploaded_input_ends_as_output_object_and_completed_notification(stack: Stack) -> None:
    stack.create_endpoint()
    rows = held_out_rows()[:3]
    location = stack.upload("\n".join(row.to_csv() for row in rows).encode())

    answer = stack.invoke(
        InputLocation=location, ContentType="text/csv", Accept="text/csv", InferenceId="order-17"
    )
    [text] = stack.notifications(stack.successes)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "order-17"
    assert answer["FailureLocation"].startswith(f"s3://{stack.bucket}/failures/")
    scores = [float(line) for line in stack.read(answer["OutputLocation"]).split()]
    assert [score > 0.5 for score in scores] == [row.malignant for row in rows]
    notification = json.loads(text)
    assert notification["invocationStatus"] == "Completed"
    assert notification["inferenceId"] == "order-17"
    assert notification["responseParameters"] == {
        "contentType": "text/csv",
        "outputLocation": answer["OutputLocation"],
    }


def test_a_malformed_input_ends_as_failure_object_and_failed_notification(stack: Stack) -> None:
    stack.create_endpoint()
    location = stack.upload(b"1,2,hello")

    answer = stack.invoke(InputLocation=location, ContentType="text/csv")

    notification = failure(stack)
    assert notification["failureReason"] == (
        f"ClientError: Received client error (400) from model. {SEE_LOGS}"
    )
    assert "responseParameters" not in notification
    assert stack.read(answer["FailureLocation"]) == b"row 1, column 3: 'hello' is not a number"


def test_an_inline_body_reaches_the_container_with_its_headers(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, include=["SUCCESS_NOTIFICATION_TOPIC"])

    answer = stack.invoke(
        Body=b"{}",
        ContentType="application/json",
        Accept="application/json",
        CustomAttributes="trace=7",
        Filename="report",
        S3OutputPathExtension="day/1",
    )
    [text] = stack.notifications(stack.successes)

    assert answer["OutputLocation"] == f"s3://{stack.bucket}/outputs/day/1/report.out"
    received = json.loads(stack.read(answer["OutputLocation"]))["headers"]
    assert received["Content-Type"] == received["Accept"] == "application/json"
    assert received["X-Amzn-SageMaker-Custom-Attributes"] == "trace=7"
    assert received["X-Amzn-SageMaker-Inference-Id"] == answer["InferenceId"]
    notification = json.loads(text)
    assert notification["requestParameters"] == {
        "accept": "application/json",
        "contentType": "application/json",
        "customAttributes": "trace=7",
        "endpointName": stack.name,
    }
    included = base64.b64decode(notification["responseBody"]["content"])
    assert included == stack.read(answer["OutputLocation"])


def test_keys_with_spaces_and_umlauts_are_read_as_they_are(stack: Stack) -> None:
    stack.create_endpoint()
    key = "inputs/batch 7/größe+1:a.csv"
    location = stack.upload(held_out_rows()[0].to_csv().encode(), key)

    stack.invoke(InputLocation=location, ContentType="text/csv")
    [text] = stack.notifications(stack.successes)

    assert json.loads(text)["requestParameters"]["inputLocation"] == f"s3://{stack.bucket}/{key}"


def test_an_object_with_a_content_encoding_reaches_the_container_as_it_lies_in_s3(
    stack: Stack,
) -> None:
    stack.create_endpoint(SCRIPTED)
    encoded = {"Key": "inputs/a.json", "Body": b"{}", "ContentEncoding": "gzip"}
    stack.s3.put_object(Bucket=stack.bucket, **encoded)

    answer = stack.invoke(InputLocation=f"s3://{stack.bucket}/inputs/a.json")
    stack.notifications(stack.successes)

    received = json.loads(stack.read(answer["OutputLocation"]))["headers"]
    assert received["Content-Length"] == "2"
    assert "Accept-Encoding" not in received  # a server that compresses may do so where it is


def test_a_missing_input_fails_when_it_is_processed(stack: Stack) -> None:
    stack.create_endpoint(failure_path=False)

    answer = stack.invoke(InputLocation=f"s3://{stack.bucket}/inputs/none.csv")

    assert "FailureLocation" not in answer
    notification = failure(stack)
    assert "Unable to download the input" in notification["failureReason"]
    assert stack.state()["request_download_failures"] >= 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            {"status": 500, "body": "no"},
            f"ClientError: Received server error (500) from model. {SEE_LOGS}",
        ),
        ({"chunked": True}, SERVER_ERROR_0),
        ({"headers": {"X-Long": "x" * 4096}}, SERVER_ERROR_0),
    ],
    ids=["status 500", "chunked answer", "headers over 4096 bytes"],
)
def test_what_a_container_may_not_do_fails_the_request(
    stack: Stack, script: Any, reason: str
) -> None:
    stack.create_endpoint(SCRIPTED)

    stack.invoke(Body=json.dumps(script).encode())

    assert failure(stack)["failureReason"] == reason


def test_a_slow_model_fails_at_the_invocation_timeout(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)

    stack.invoke(Body=b'{"seconds": 30}', InvocationTimeoutSeconds=1)

    assert failure(stack)["failureReason"] == SERVER_ERROR_0


def test_an_instance_works_on_no_more_requests_than_its_concurrency(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, concurrency=2)

    for _ in range(5):
        stack.invoke(Body=b'{"seconds": 0.5}')
    at_first = stack.state()

    assert at_first["in_flight"] <= 2
    assert at_first["backlog"] >= 3
    assert len(stack.notifications(stack.successes, 5)) == 5


def test_requests_wait_at_zero_instances_and_are_served_when_one_returns(stack: Stack) -> None:
    stack.create_endpoint()
    location = stack.upload(held_out_rows()[0].to_csv().encode())
    _scale(stack, 0)

    stack.invoke(InputLocation=location, ContentType="text/csv")
    asleep = stack.state()["endpoints"][stack.name]
    _scale(stack, 1)

    assert asleep["oldest_seconds"] < 60
    del asleep["oldest_seconds"]
    assert asleep == {
        "status": "InService",
        "backlog": 1,
        "in_process": 0,
        "instances": 0,
        "desired": {"AllTraffic": 0},
    }
    assert len(stack.notifications(stack.successes)) == 1


def _scale(stack: Stack, count: int) -> None:
    stack.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=stack.name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
    )
    stack.await_status("InService")


def test_a_crashed_model_server_fails_its_request_and_is_replaced(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)
    stack.faults(crash_model_server=1)
    try:
        stack.invoke(Body=b'{"seconds": 5}')
        reason = failure(stack)["failureReason"]
    finally:
        stack.faults()

    stack.invoke(Body=b"{}")

    assert reason.startswith(("ClientError: Received server error (0)", "Amazon SageMaker could"))
    assert len(stack.notifications(stack.successes)) == 1


@pytest.mark.parametrize(
    ("faults", "seen"),
    [({"lose_notification": 1}, 0), ({"duplicate_notification": 1}, 2)],
    ids=["lost", "duplicated"],
)
def test_notifications_can_be_lost_and_duplicated(stack: Stack, faults: Any, seen: int) -> None:
    stack.create_endpoint(SCRIPTED)
    completed = stack.state()["completed"]
    stack.faults(**faults)
    try:
        stack.invoke(Body=b"{}", InferenceId="faulty")
        eventually(lambda: stack.state()["completed"] > completed, "the request is completed")
    finally:
        stack.faults()
    stack.invoke(Body=b"{}", InferenceId="fine")

    texts = stack.notifications(stack.successes, seen + 1)

    ids = sorted(json.loads(text)["inferenceId"] for text in texts)
    assert ids == ["faulty"] * seen + ["fine"]


def test_a_throttled_call_gets_a_throttling_exception(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)
    stack.faults(throttle=1)
    try:
        with pytest.raises(ClientError) as refusal:
            stack.invoke(Body=b"{}")
    finally:
        stack.faults()

    assert refusal.value.response["Error"]["Code"] == "ThrottlingException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Body": b"x" * 128_001}, "length less than or equal to 128000"),
        ({"InputLocation": "s3://b/" + "k" * 1024}, "length less than or equal to 1024"),
        ({"InputLocation": "s3://b/" + "k" * 20_000}, "length less than or equal to 1024"),
        ({"InputLocation": "ftp://b/k"}, "regular expression pattern"),
        ({"Body": b"x", "InputLocation": "s3://b/k"}, "not both"),
        ({}, "not neither"),
        ({"Body": b"x", "InferenceId": "i" * 65}, "length less than or equal to 64"),
        ({"Body": b"x", "Filename": "a.b.c"}, "regular expression pattern"),
        ({"Body": b"x", "Filename": "f" * 33}, "length less than or equal to 32"),
        ({"Body": b"x", "S3OutputPathExtension": "a b"}, "regular expression pattern"),
        ({"Body": b"x", "RequestTTLSeconds": 21_601}, "value less than or equal to 21600"),
        ({"Body": b"x", "InvocationTimeoutSeconds": 3_601}, "value less than or equal to 3600"),
        ({"Body": b"x", "CustomAttributes": "c" * 1025}, "length less than or equal to 1024"),
    ],
)
def test_limits_that_botocore_does_not_check_are_refused(
    stack: Stack, members: Any, words: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        stack.invoke(**members)

    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    assert words in refusal.value.response["Error"]["Message"]


def test_an_endpoint_that_is_not_there_is_not_found(stack: Stack) -> None:
    with pytest.raises(ClientError) as refusal:
        stack.invoke(Body=b"x")

    assert refusal.value.response["Error"]["Message"] == (
        f"Endpoint {stack.name} of account 123456789012 not found."
    )


@pytest.mark.parametrize("operation", ["invoke_endpoint", "invoke_endpoint_with_response_stream"])
def test_an_asynchronous_endpoint_refuses_invoke_endpoint(stack: Stack, operation: str) -> None:
    stack.create_endpoint(SCRIPTED)

    with pytest.raises(ClientError) as refusal:
        getattr(stack.runtime, operation)(EndpointName=stack.name, Body=b"x")

    assert refusal.value.response["Error"]["Code"] == "ValidationError"

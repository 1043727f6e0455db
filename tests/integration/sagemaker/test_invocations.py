"""Requests through a real model server, as boto3 and the topics' subscribers see them."""

import json

from local.model.data import held_out_rows
from tests.sagemaker_stack import Stack


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
    [text] = stack.notifications(stack.errors)

    notification = json.loads(text)
    assert notification["failureReason"] == (
        "ClientError: Received client error (400) from model. "
        "See the SageMaker Endpoint logs in your account for more information."
    )
    assert "responseParameters" not in notification
    assert stack.read(answer["FailureLocation"]) == b"row 1, column 3: 'hello' is not a number"

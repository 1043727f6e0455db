"""Result messages as the demo reads them."""

import json

from local.load.results import Result


def test_a_completed_result_names_its_output() -> None:
    body = {
        "specversion": "1.0",
        "id": "0f1e",
        "source": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay",
        "type": "relay.inference.completed",
        "subject": "s3://bucket/inputs/größe 1.csv",
        "data": {
            "outcome": "completed",
            "input": {"location": "s3://bucket/inputs/größe 1.csv"},
            "output": {"location": "s3://bucket/outputs/0f1e.out", "content_type": "text/csv"},
        },
    }

    result = Result.parse(json.dumps(body), "CompletedQueue")

    assert result.subject == "s3://bucket/inputs/größe 1.csv"
    assert result.output_location == "s3://bucket/outputs/0f1e.out"
    assert result.reason == ""


def test_a_failed_result_names_its_reason_and_the_models_message() -> None:
    answer = {"encoding": "text", "content": "3 values"}
    failure = {"reason": "client error (400)", "body": answer}
    body = {
        "id": "0f1e",
        "type": "relay.inference.failed",
        "subject": "s3://bucket/inputs/1.csv",
        "data": {"outcome": "failed", "failure": failure},
    }

    result = Result.parse(json.dumps(body), "FailedQueue")

    assert (result.reason, result.message) == ("client error (400)", "3 values")
    assert result.output_location is None

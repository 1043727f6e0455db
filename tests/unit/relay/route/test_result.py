"""The result document: a CloudEvents document that consumers rely on."""

import json
from datetime import timedelta

import pytest
from relay.model import Outcome
from relay.route.result import Result
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.results.made_by_route import ENDPOINT_ARN, ID, TO_QUEUE, result
from tests.support.samples import BUCKET, FAILURES, NOON, OUTPUTS, Json


def document(result: Result) -> Json:
    content: Json = json.loads(result.to_message(TO_QUEUE).body)
    assert content == result.document()
    return content


def test_a_success_has_every_member() -> None:
    made = result(attempt=samples.attempt(ID), output_content_type="application/json")

    assert document(made) == {
        "specversion": "1.0",
        "id": ID,
        "source": ENDPOINT_ARN,
        "type": "relay.inference.completed",
        "subject": f"s3://{BUCKET}/inputs/a.csv",
        "time": "2026-11-20T12:00:09.306Z",
        "dataschema": "urn:async-inference-relay:result:1",
        "datacontenttype": "application/json",
        "data": {
            "outcome": "completed",
            "request_id": ID,
            "inference_id": ID,
            "endpoint": "relay",
            "tracked": True,
            "attempts": 1,
            "input": {
                "location": f"s3://{BUCKET}/inputs/a.csv",
                "version_id": "v1",
                "etag": "e1",
                "content_type": "text/csv",
            },
            "output": {"location": f"{OUTPUTS}{ID}", "content_type": "application/json"},
            "timing": {
                "requested": "2026-11-20T11:59:57.000Z",
                "submitted": "2026-11-20T12:00:00.000Z",
                "received": "2026-11-20T12:00:02.000Z",
                "finished": "2026-11-20T12:00:09.306Z",
                "routed": "2026-11-20T12:00:10.000Z",
                "queued_ms": 3000,
                "sagemaker_ms": 7306,
                "total_ms": 12306,
            },
            "custom_attributes": "warehouse=north",
        },
    }


def test_a_failure_says_why_and_whether_it_is_transient() -> None:
    made = result(
        Outcome.FAILED,
        failure_reason=samples.SERVER_ERROR,
        failure_location=f"{FAILURES}x-error.out",
    )

    data = document(made)["data"]

    assert data["failure"] == {
        "reason": samples.SERVER_ERROR,
        "classification": "transient",
        "location": f"{FAILURES}x-error.out",
    }
    assert "output" not in data


def test_a_failure_without_a_reason_says_so() -> None:
    failure = document(result(Outcome.FAILED))["data"]["failure"]

    assert failure == {"reason": "SageMaker gave no reason", "classification": "permanent"}


@pytest.mark.parametrize(
    ("outcome", "classification"),
    [(Outcome.REJECTED, "permanent"), (Outcome.EXPIRED, "transient")],
)
def test_what_the_model_never_saw_says_whether_it_is_worth_submitting_again(
    outcome: Outcome, classification: str
) -> None:
    made = document(result(outcome, failure_reason="a reason"))

    assert made["type"] == f"relay.inference.{outcome.value}"
    assert made["data"]["failure"] == {"reason": "a reason", "classification": classification}


def test_an_untracked_inference_says_so_and_has_what_sagemaker_reported() -> None:
    made = result(location=S3Uri("elsewhere", "in.csv"), content_type="text/plain")

    data = document(made)["data"]

    assert data["tracked"] is False
    assert data["attempts"] == 1
    assert data["input"] == {"location": "s3://elsewhere/in.csv", "content_type": "text/plain"}
    assert data["timing"] == {
        "received": "2026-11-20T12:00:02.000Z",
        "finished": "2026-11-20T12:00:09.306Z",
        "routed": "2026-11-20T12:00:10.000Z",
        "sagemaker_ms": 7306,
        "total_ms": 7306,
    }


def test_an_inline_body_has_no_input_location_and_the_subject_is_the_request() -> None:
    made = document(result(attempt=samples.attempt(ID, location=None)))

    assert made["subject"] == ID
    assert "location" not in made["data"]["input"]


def test_the_input_is_named_as_its_caller_named_it() -> None:
    made = result(attempt=samples.attempt(ID), location=S3Uri(BUCKET, "spelled/otherwise"))

    assert document(made)["subject"] == f"s3://{BUCKET}/inputs/a.csv"


def test_an_output_that_only_the_ledger_knows_is_in_the_result() -> None:
    made = result(attempt=samples.attempt(ID), output_location=None)

    assert document(made)["data"]["output"]["location"] == f"{OUTPUTS}{ID}"


def test_an_address_is_given_as_an_s3_location() -> None:
    host = f"https://{BUCKET}.s3.us-east-1.amazonaws.com"

    completed = result(output_location=f"{host}/outputs/a%20b.out")
    failed = result(Outcome.FAILED, failure_location=f"{host}/failures/c.out")

    assert document(completed)["data"]["output"]["location"] == f"{OUTPUTS}a b.out"
    assert document(failed)["data"]["failure"]["location"] == f"{FAILURES}c.out"


def test_without_times_of_sagemaker_the_relays_own_clock_counts() -> None:
    made = document(result(attempt=samples.attempt(ID), received_at=None, finished_at=None))

    assert made["time"] == "2026-11-20T12:00:10.000Z"
    assert made["data"]["timing"] == {
        "requested": "2026-11-20T11:59:57.000Z",
        "submitted": "2026-11-20T12:00:00.000Z",
        "routed": "2026-11-20T12:00:10.000Z",
        "queued_ms": 3000,
        "total_ms": 13_000,
    }


def test_clocks_that_disagree_never_give_a_negative_time() -> None:
    minute = timedelta(minutes=1)
    late = samples.attempt(ID, requested_at=NOON + 2 * minute, submitted_at=NOON + minute)

    timing = document(result(attempt=late, received_at=NOON + minute))["data"]["timing"]

    assert (timing["queued_ms"], timing["sagemaker_ms"], timing["total_ms"]) == (0, 0, 0)


def test_what_sagemaker_could_never_take_was_not_submitted() -> None:
    made = result(Outcome.REJECTED, samples.attempt(ID), received_at=None, finished_at=None)

    assert document(made)["data"]["timing"] == {
        "requested": "2026-11-20T11:59:57.000Z",
        "routed": "2026-11-20T12:00:10.000Z",
        "total_ms": 13_000,
    }


def test_an_attempt_of_an_older_ledger_counts_from_its_submission() -> None:
    made = result(attempt=samples.attempt(ID, requested_at=None))

    timing = document(made)["data"]["timing"]

    assert "requested" not in timing
    assert "queued_ms" not in timing
    assert timing["total_ms"] == 9306


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.FAILED])
def test_the_models_answer_comes_with_what_it_belongs_to(outcome: Outcome) -> None:
    data = document(result(outcome, response_body=b"no, thank you"))["data"]

    member = "output" if outcome is Outcome.COMPLETED else "failure"
    assert data[member]["body"] == {"encoding": "text", "content": "no, thank you"}


def test_json_stays_json_so_that_routes_can_look_into_it() -> None:
    made = result(response_body=b'{"score": 0.81}', output_content_type="application/json")

    body = document(made)["data"]["output"]["body"]

    assert body == {"encoding": "json", "content": {"score": 0.81}}


@pytest.mark.parametrize("bad", ["\n", "\x00", "\x7f", "\x85", "\ufdd0", "\ufffe", "\U0001ffff"])
def test_the_subject_has_no_character_that_cloudevents_forbids(bad: str) -> None:
    """A key may have any of them. `data.input.location` has the key as it is."""
    key = f"inputs/a{bad}b.csv"
    made = document(result(attempt=samples.attempt(ID, location=S3Uri(BUCKET, key))))

    assert made["subject"] == f"s3://{BUCKET}/inputs/a\ufffdb.csv"
    assert made["data"]["input"]["location"] == f"s3://{BUCKET}/{key}"


def test_the_subject_keeps_every_other_character() -> None:
    key = "inputs/a b:\u00e4\u4e2d\U0001f600.csv"
    made = document(result(attempt=samples.attempt(ID, location=S3Uri(BUCKET, key))))

    assert made["subject"] == f"s3://{BUCKET}/{key}"

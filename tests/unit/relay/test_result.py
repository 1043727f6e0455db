"""The result message: a CloudEvents document that consumers rely on."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.model import Attempt, Notification, Outcome
from relay.result import Result
from relay.s3uri import S3Uri

from tests import samples
from tests.fakes import FakeClock, FakeQueues
from tests.samples import BUCKET, COMPLETED_QUEUE, FAILURES, NOON, OUTPUTS, Json

ID = "a" * 32
ENDPOINT_ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"


def result(
    outcome: Outcome = Outcome.COMPLETED, attempt: Attempt | None = None, **members: Any
) -> Result:
    defaults: Json = {
        "received_at": NOON + timedelta(seconds=2),
        "finished_at": NOON + timedelta(seconds=9, microseconds=306_000),
    }
    if outcome is Outcome.COMPLETED:
        defaults["output_location"] = f"{OUTPUTS}{ID}"
    notification = Notification(ID, outcome, "relay", **{**defaults, **members})
    return Result(ID, notification, attempt, ENDPOINT_ARN, NOON + timedelta(seconds=10))


def document(result: Result) -> Json:
    content: Json = json.loads(result.to_json())
    return content


def test_a_success_tells_everything() -> None:
    made = result(attempt=samples.attempt(ID), output_content_type="application/json")

    assert document(made) == {
        "specversion": "1.0",
        "id": ID,
        "source": ENDPOINT_ARN,
        "type": "relay.inference.completed",
        "subject": f"s3://{BUCKET}/inputs/a.csv",
        "time": "2026-11-20T12:00:09.306Z",
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
                "content_type": "text/csv",
            },
            "output": {"location": f"{OUTPUTS}{ID}", "content_type": "application/json"},
            "timing": {
                "submitted": "2026-11-20T12:00:00.000Z",
                "received": "2026-11-20T12:00:02.000Z",
                "finished": "2026-11-20T12:00:09.306Z",
                "total_ms": 9306,
            },
            "custom_attributes": "warehouse=north",
        },
    }


def test_a_failure_tells_why_and_whether_it_may_pass() -> None:
    made = result(
        Outcome.FAILED,
        failure_reason=samples.SERVER_ERROR,
        failure_location=f"{FAILURES}x-error.out",
    )

    data = document(made)["data"]

    assert data["failure"] == {
        "reason": samples.SERVER_ERROR,
        "class": "transient",
        "location": f"{FAILURES}x-error.out",
    }
    assert "output" not in data


def test_a_failure_without_a_reason_says_so() -> None:
    failure = document(result(Outcome.FAILED))["data"]["failure"]

    assert failure == {"reason": "SageMaker gave no reason", "class": "permanent"}


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.EXPIRED])
def test_what_the_model_never_saw_has_no_class(outcome: Outcome) -> None:
    made = document(result(outcome, failure_reason="a reason"))

    assert made["type"] == f"relay.inference.{outcome.value}"
    assert made["data"]["failure"] == {"reason": "a reason"}


def test_an_inference_of_somebody_else_says_so_and_has_what_sagemaker_told() -> None:
    made = result(location=S3Uri("elsewhere", "in.csv"), content_type="text/plain")

    data = document(made)["data"]

    assert data["tracked"] is False
    assert data["attempts"] == 1
    assert data["input"] == {"location": "s3://elsewhere/in.csv", "content_type": "text/plain"}
    assert data["timing"] == {
        "received": "2026-11-20T12:00:02.000Z",
        "finished": "2026-11-20T12:00:09.306Z",
        "total_ms": 7306,
    }


def test_an_inline_body_has_no_input_location_and_the_subject_is_the_request() -> None:
    made = document(result(attempt=samples.attempt(ID, location=None)))

    assert made["subject"] == ID
    assert "location" not in made["data"]["input"]


def test_the_input_is_named_as_its_caller_named_it() -> None:
    made = result(attempt=samples.attempt(ID), location=S3Uri(BUCKET, "spelled/otherwise"))

    assert document(made)["subject"] == f"s3://{BUCKET}/inputs/a.csv"


def test_an_output_that_only_the_ledger_knows_is_told() -> None:
    made = result(attempt=samples.attempt(ID), output_location=None)

    assert document(made)["data"]["output"]["location"] == f"{OUTPUTS}{ID}"


def test_an_address_is_told_as_an_s3_location() -> None:
    host = f"https://{BUCKET}.s3.us-east-1.amazonaws.com"

    completed = result(output_location=f"{host}/outputs/a%20b.out")
    failed = result(Outcome.FAILED, failure_location=f"{host}/failures/c.out")

    assert document(completed)["data"]["output"]["location"] == f"{OUTPUTS}a b.out"
    assert document(failed)["data"]["failure"]["location"] == f"{FAILURES}c.out"


def test_without_times_of_sagemaker_the_relays_own_clock_counts() -> None:
    made = document(result(attempt=samples.attempt(ID), received_at=None, finished_at=None))

    assert made["time"] == "2026-11-20T12:00:10.000Z"
    assert made["data"]["timing"]["total_ms"] == 10_000


def test_clocks_that_disagree_never_give_a_negative_time() -> None:
    late = samples.attempt(ID, submitted_at=NOON + timedelta(minutes=1))

    assert document(result(attempt=late))["data"]["timing"]["total_ms"] == 0


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b'{"score": 0.81}', {"encoding": "utf-8", "content": '{"score": 0.81}'}),
        ("grün".encode(), {"encoding": "utf-8", "content": "grün"}),
        (b"", {"encoding": "utf-8", "content": ""}),
        (b"\xff\x00", {"encoding": "base64", "content": base64.b64encode(b"\xff\x00").decode()}),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.FAILED])
def test_the_models_answer_is_text_where_it_is_text(
    outcome: Outcome, content: bytes, body: Json
) -> None:
    data = document(result(outcome, response_body=content))["data"]

    member = "output" if outcome is Outcome.COMPLETED else "failure"
    assert data[member]["body"] == body


@pytest.mark.parametrize("content", [b"x", b"\x00", b"\xff", "\N{SNOWMAN}".encode()])
def test_the_largest_answer_that_sagemaker_includes_fits(content: bytes) -> None:
    answer = (content * 131_072)[:131_072]

    made = result(response_body=answer)

    assert "omitted" not in made.to_json()
    assert FakeQueues(FakeClock()).send([made.to_message(COMPLETED_QUEUE)]) == {}


def test_an_answer_that_fits_no_message_is_left_out_and_says_so() -> None:
    made = result(response_body=b"x" * 1_100_000)

    data = document(made)["data"]

    assert data["output"]["body"] == {"omitted": "too large for a message; read it at the location"}
    assert data["output"]["location"] == f"{OUTPUTS}{ID}"
    assert FakeQueues(FakeClock()).send([made.to_message(COMPLETED_QUEUE)]) == {}


def test_the_message_repeats_what_consumers_filter_by() -> None:
    message = result().to_message(COMPLETED_QUEUE)

    assert dict(message.attributes) == {
        "outcome": "completed",
        "endpoint": "relay",
        "request_id": ID,
    }
    assert (message.group_id, message.deduplication_id) == (ID, ID)
    assert message.delay_seconds == 0


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.sampled_from(Outcome),
    st.none() | st.just(samples.attempt(ID)),
    st.fixed_dictionaries(
        {},
        optional={
            "failure_reason": TEXTS,
            "content_type": TEXTS,
            "output_content_type": TEXTS,
            "custom_attributes": TEXTS,
            "response_body": st.none() | st.binary(),
            "received_at": st.none(),
            "finished_at": st.none(),
        },
    ),
)
def test_whatever_was_told_the_message_can_be_sent_and_has_no_nulls(
    outcome: Outcome, attempt: Attempt | None, members: Json
) -> None:
    message = result(outcome, attempt, **members).to_message(COMPLETED_QUEUE)

    assert FakeQueues(FakeClock()).send([message]) == {}
    assert message.body.isascii()
    assert None not in list(_values(json.loads(message.body)))


def _values(value: object) -> Any:
    yield value
    if isinstance(value, dict):
        for member in value.values():
            yield from _values(member)

"""The result message: a CloudEvents document that consumers rely on."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.routes.target import Addressed, Target, TargetKind
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes import FakeClock, FakeQueues
from tests.support.samples import BUCKET, COMPLETED_QUEUE, FAILURES, NOON, OUTPUTS, Json

ID = "a" * 32
ENDPOINT_ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"
_ARN = "us-east-1:000000000000"
ARNS = {
    TargetKind.QUEUE: f"arn:aws:sqs:{_ARN}:all",
    TargetKind.FIFO_QUEUE: COMPLETED_QUEUE,
    TargetKind.TOPIC: f"arn:aws:sns:{_ARN}:all",
    TargetKind.FIFO_TOPIC: f"arn:aws:sns:{_ARN}:all.fifo",
    TargetKind.BUS: f"arn:aws:events:{_ARN}:event-bus/results",
}


def to(kind: TargetKind, route: str = "to-all", group: str = ID, delay: int = 0) -> Addressed:
    return Addressed(route, Target(ARNS[kind], kind), group, delay)


TO_QUEUE = to(TargetKind.FIFO_QUEUE)


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


@pytest.mark.parametrize("content", [b"x", b"\x00", b"\xff", "\N{SNOWMAN}".encode()])
def test_the_largest_answer_that_sagemaker_includes_fits_a_queue(content: bytes) -> None:
    answer = (content * 131_072)[:131_072]

    message = result(response_body=answer).to_message(TO_QUEUE)

    assert "body_omitted" not in message.body
    assert FakeQueues(FakeClock()).send([message]) == {}


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (TargetKind.QUEUE, 1_048_576),
        (TargetKind.FIFO_QUEUE, 1_048_576),
        (TargetKind.TOPIC, 262_144),
        (TargetKind.FIFO_TOPIC, 262_144),
        (TargetKind.BUS, 262_144),
    ],
)
class TestASizeThatATargetTakes:
    def test_is_used(self, kind: TargetKind, limit: int) -> None:
        made = result(response_body=b"x" * (limit - 3_000))

        assert "body_omitted" not in made.to_message(to(kind)).body

    def test_is_kept_with_attributes_by_leaving_out_the_answer(
        self, kind: TargetKind, limit: int
    ) -> None:
        for size in range(limit - 3_000, limit + 300, 100):
            made = result(response_body=b"x" * size)

            message = made.to_message(to(kind, route="r" * 100))

            attributes = sum(len(f"{name}String{value}") for name, value in message.attributes)
            assert len(message.body.encode()) + attributes <= limit
        assert json.loads(message.body)["data"]["output"] == {
            "location": f"{OUTPUTS}{ID}",
            "body_omitted": {"reason": "too_large", "size": size},
        }

    def test_is_enough_for_long_texts_of_others(self, kind: TargetKind, limit: int) -> None:
        long = "\N{PILE OF POO}" * 100_000
        made = result(
            Outcome.FAILED,
            failure_reason=long,
            custom_attributes=long,
            content_type=long,
            response_body=long.encode(),
        )

        body = made.to_message(to(kind)).body

        assert len(body) <= limit
        data = json.loads(body)["data"]
        for text in (data["failure"]["reason"], data["custom_attributes"]):
            assert text == f"{long[:2047]}…"


def test_an_answer_too_large_for_one_target_goes_to_another_that_takes_it() -> None:
    made = result(response_body=b"x" * 300_000)

    to_topic = json.loads(made.to_message(to(TargetKind.TOPIC)).body)
    to_queue = json.loads(made.to_message(to(TargetKind.QUEUE)).body)

    assert "body_omitted" in to_topic["data"]["output"]
    assert to_queue["data"]["output"]["body"]["content"] == "x" * 300_000


def test_a_message_that_its_target_refuses_can_do_without_the_answer() -> None:
    made = result(response_body=b"x" * 10)
    message = made.to_message(to(TargetKind.QUEUE))

    shorter = made.shortened(message)

    assert shorter is not None
    assert replace(shorter, body=message.body) == message
    assert json.loads(shorter.body)["data"]["output"]["body_omitted"] == {
        "reason": "too_large",
        "size": 10,
    }
    assert made.shortened(shorter) is None
    without = result()
    assert without.shortened(without.to_message(to(TargetKind.QUEUE))) is None


def test_the_message_repeats_what_consumers_filter_by() -> None:
    message = result().to_message(to(TargetKind.QUEUE, route="everything"))

    assert dict(message.attributes) == {
        "outcome": "completed",
        "endpoint": "relay",
        "route": "everything",
        "request_id": ID,
    }


def test_only_fifo_targets_have_groups_and_drop_repeats() -> None:
    for kind in TargetKind:
        message = result().to_message(to(kind, group="customer-7"))

        fifo = kind in (TargetKind.FIFO_QUEUE, TargetKind.FIFO_TOPIC)
        assert message.group_id == ("customer-7" if fifo else None)
        assert (message.deduplication_id is not None) is fifo


def test_two_routes_to_one_queue_both_arrive_and_repeats_of_each_do_not() -> None:
    queues = FakeQueues(FakeClock())

    for route in ("first", "second", "first"):
        queues.send([result().to_message(to(TargetKind.FIFO_QUEUE, route=route))])

    routes = [dict(m.attributes)["route"] for m in queues.delivered(COMPLETED_QUEUE)]
    assert routes == ["first", "second"]


def test_a_bus_has_no_attributes_but_the_kind_of_event_and_what_it_is_about() -> None:
    for kind in TargetKind:
        message = result(Outcome.EXPIRED).to_message(to(kind))

        envelope = (message.detail_type, message.resources)
        bus = kind is TargetKind.BUS
        assert envelope == (("relay.inference.expired", (ENDPOINT_ARN,)) if bus else ("", ()))


def test_deliveries_of_one_result_differ_by_their_keys() -> None:
    keys = {result().to_message(to(TargetKind.QUEUE, route=name)).key for name in ("a", "b")}

    assert len(keys) == 2


def test_a_delay_is_passed_on() -> None:
    assert result().to_message(to(TargetKind.QUEUE, delay=60)).delay_seconds == 60


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
def test_the_message_of_any_result_can_be_sent_and_has_no_nulls(
    outcome: Outcome, attempt: Attempt | None, members: Json
) -> None:
    message = result(outcome, attempt, **members).to_message(TO_QUEUE)

    assert FakeQueues(FakeClock()).send([message]) == {}
    assert message.body.isascii()
    assert None not in list(_values(json.loads(message.body)))


def _values(value: object) -> Any:
    yield value
    if isinstance(value, dict):
        for member in value.values():
            yield from _values(member)

"""The message of a result: what each kind of target takes, and its key, group and attributes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.model import Attempt, Outcome
from relay.routes.target import TargetKind

from tests.support import samples
from tests.support.fakes.ports import FakeClock
from tests.support.fakes.queues import FakeQueues
from tests.support.results.made_by_route import ENDPOINT_ARN, ID, TO_QUEUE, result, to
from tests.support.samples import COMPLETED_QUEUE, OUTPUTS, Json


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


def test_deliveries_of_two_inferences_with_the_same_id_differ_by_their_keys() -> None:
    results = [replace(result(), request_id=each * 32, attempt=None) for each in "ab"]

    assert len({each.notification.inference_id for each in results}) == 1
    assert len({each.to_message(TO_QUEUE).key for each in results}) == 2


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

"""The AsyncAPI document is valid, names every queue and topic, and describes real messages."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from relay.errors import UnreadableMessage
from relay.events import direct_calls
from relay.events.direct_calls import read_call
from relay.events.sagemaker import read_notification
from relay.inputs.limits import MAX_HEADER_CHARACTERS, header_problems

from tests.stateful.backfill.world import BackfillWorld, keys
from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.results import variations
from tests.support.results.cases import CASES
from tests.support.samples import NOTIFICATION_DEAD_LETTERS, NOTIFICATION_QUEUE, Json
from tests.template.asyncapi import document as generated
from tests.template.asyncapi.document import INTERNAL, TARGETS, USES
from tests.template.template import resources
from tests.upgrade import messages

# Of https://github.com/asyncapi/spec-json-schemas, unchanged.
OFFICIAL = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json"
ID = "c" * 32


@cache
def document() -> Json:
    return generated.document()


@cache
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text()))


def problems(name: str, value: object) -> list[str]:
    """What a schema of the document says about a value."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return [error.message for error in Draft7Validator(schema).iter_errors(value)]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_is_valid_asyncapi() -> None:
    assert [error.json_path for error in official().iter_errors(document())] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("asyncapi",), "2.6.0"),
        (("channels", "CompletedQueue", "adress"), "x"),
        (("channels", "CompletedQueue", "bindings", "sqs", "queue", "visibilityTimeout"), "long"),
        (("channels", "SuccessTopic", "bindings", "sns", "ordering", "type"), "any"),
        (("operations", "sendCompletedQueue", "action"), "publish"),
        (("components", "schemas", "result", "required"), "all"),
    ],
)
def test_what_is_no_asyncapi_is_refused(path: tuple[str, ...], value: str) -> None:
    changed = copy.deepcopy(document())
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value

    assert list(official().iter_errors(changed)) != []


def test_every_reference_points_at_something() -> None:
    whole = document()
    for reference in references(whole):
        found: Any = whole
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


def test_every_queue_and_topic_is_a_channel_or_internal_with_a_reason() -> None:
    deployed = [each.name for kind in ("SQS::Queue", "SNS::Topic") for each in resources(kind)]

    assert sorted([*USES, *INTERNAL]) == sorted(deployed)
    assert set(document()["channels"]) == {*USES, *TARGETS.values(), "defaultEventBus"}
    assert all(INTERNAL.values())


@pytest.mark.parametrize("queue", [each for each in resources("SQS::Queue") if each.name in USES])
def test_a_queue_has_the_properties_of_the_template(queue: Any) -> None:
    described = document()["channels"][queue.name]["bindings"]["sqs"]["queue"]

    assert described["fifoQueue"] is (queue.properties.get("FifoQueue") is True)
    assert described.get("visibilityTimeout") == queue.properties.get("VisibilityTimeout")
    assert described["messageRetentionPeriod"] == queue.properties["MessageRetentionPeriod"]
    assert described["fifoQueue"] == described["name"].endswith(".fifo")
    if policy := queue.properties.get("RedrivePolicy"):
        assert described["redrivePolicy"]["maxReceiveCount"] == policy["maxReceiveCount"]


@pytest.mark.parametrize("name", CASES)
def test_a_result_is_as_described(name: str) -> None:
    result = CASES[name]()

    assert problems("result", result) == []
    assert problems("result", {**result, "data": {**result["data"], "outcome": "other"}}) != []


def test_the_message_of_a_result_is_as_described() -> None:
    for sent in messages.record():
        assert problems("message_attributes", sent["attributes"]) == []
        if sent["detail_type"]:
            event = {"detail-type": sent["detail_type"], "resources": sent["resources"]}
            whole = {"source": "async-inference-relay", **event, "detail": sent["body"]}
            assert problems("resultEvent", whole) == []
            assert problems("resultEvent", {**whole, "detail": {}}) != []


@pytest.mark.parametrize("name", variations.every())
def test_a_notification_that_route_reads_is_as_described(name: str) -> None:
    notification = variations.every(ID)[name]
    read_notification(notification, samples.SUCCESS_TOPIC)

    assert problems("notification", notification) == []


@pytest.mark.parametrize("member", document()["components"]["schemas"]["notification"]["required"])
def test_a_notification_without_a_required_member_is_none_for_route_either(member: str) -> None:
    notification = samples.completed(ID)
    del notification[member]

    assert problems("notification", notification) != []
    with pytest.raises(UnreadableMessage):
        read_notification(notification, samples.SUCCESS_TOPIC)


CALLS: dict[str, tuple[Json, bool]] = {
    "an input": ({"input_location": "s3://bucket/inputs/a"}, True),
    "a body": ({"body": "1,2", "request_id": "order-1", "ttl_seconds": 60}, True),
    "bytes": ({"body_base64": "MSwy", "accept": "text/csv", "timeout_seconds": 3600}, True),
    "a resubmission": ({"resubmission_of": ID, "content_type": "text/csv"}, True),
    "a resubmission with an id": ({"resubmission_of": ID, "request_id": "a"}, False),
    "two bodies": ({"body": "1", "body_base64": "MQ=="}, False),
    "a member of the relay": ({"body": "1", "attempt": 2}, False),
    "an unknown member": ({"body": "1", "priority": 2}, False),
    "a text for a number": ({"body": "1", "ttl_seconds": "60"}, False),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_as_described_if_submit_reads_it(name: str) -> None:
    request, readable = CALLS[name]
    call = {"requests": [request, {"body": "1"}]}

    assert (problems("call", call) == []) is readable
    assert (read_call(call, "message-1").invalid == ()) is readable


def test_a_request_has_all_members_and_the_limits_of_submit() -> None:
    described = document()["components"]["schemas"]["request"]["properties"]
    assert set(described) == set(direct_calls._MEMBERS)

    limits = {
        name: (limit["minimum"], limit["maximum"])
        for name, limit in described.items()
        if "minimum" in limit
    }
    for name, (least, most) in limits.items():
        for value, accepted in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
            (request,) = read_call({"body": "1", name: value}, "m").requests
            assert (list(header_problems(request)) == []) is accepted
    texts = {each["maxLength"] for each in described.values() if "maxLength" in each}
    assert texts == {MAX_HEADER_CHARACTERS}


def test_the_final_event_of_a_backfill_is_as_described() -> None:
    world = BackfillWorld()
    world.listing.put(*keys(3))
    world.call("start", name="a")
    world.run("a")
    world.pass_minutes(5)

    (detail,) = map(json.loads, world.events)

    event = {"source": "async-inference-relay", "detail-type": "Backfill Completed"}
    assert problems("backfillCompletedEvent", {**event, "detail": detail}) == []
    for name in detail:
        rest = {key: value for key, value in detail.items() if key != name}
        required = document()["components"]["schemas"]["backfill"]["required"]
        assert bool(problems("backfill", rest)) is (name in required)
    assert detail.keys() <= document()["components"]["schemas"]["backfill"]["properties"].keys()


def test_a_parked_message_is_as_described() -> None:
    pipeline = FakePipeline()
    pipeline.queues.put(NOTIFICATION_QUEUE, "not JSON")
    pipeline.deliver_to_route()

    (parked,) = pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)

    attributes = dict(parked.attributes)
    described = document()["components"]["schemas"]["parked"]["properties"]
    assert problems("parked", attributes) == []
    assert attributes.keys() == described.keys() - {"cut"}
    assert problems("parked", {**attributes, "parked_by": "other"}) != []

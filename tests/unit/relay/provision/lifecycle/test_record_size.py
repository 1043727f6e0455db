"""What is stored stays far below DynamoDB's 400 KB, whatever is asked for."""

import json
from dataclasses import replace

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.errors import UnreadableMessage
from relay.events.endpoint_events import read_event
from relay.provision.lifecycle.ports import MOST_BYTES_OF_ROLL_OUT, MOST_BYTES_OF_STACK
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Recipe

from tests.support.provisioning.properties import ENDPOINT, properties
from tests.support.provisioning.requests import STACK, create, deploy, update
from tests.support.provisioning.world import World

LETTERS = "abcdefghij"


def environment(letter: str) -> dict[str, str]:
    """29 KB; SageMaker accepts 32 KB."""
    return {f"V{number}": letter * 1_000 for number in range(29)}


def stored(world: World) -> str:
    return to_json(world.store.records[ENDPOINT])


def crowded(world: World, size: int) -> None:
    """Recipes of generations that SageMaker does not delete, until the record has this size."""
    record, number = world.store.records[ENDPOINT], 0
    while world.store.size(record) < size:
        number += 1
        text = json.dumps(environment(f"{number:x}"[0]) | {"N": f"{number}"})
        recipe = Recipe({"ModelEnvironment": text}, {})
        record = replace(record, recipes={**record.recipes, f"unused-{number}": recipe})
    world.store.records[ENDPOINT] = record


def test_roll_outs_of_large_environments_never_fill_the_record() -> None:
    world = World()
    world.run(create())

    sizes = []
    for letter in LETTERS:
        response = world.wake(deploy(environment=environment(letter), request_id=letter))
        assert response["status"] == "accepted"
        sizes.append(len(stored(world)))
        world.settle()
        sizes.append(len(stored(world)))

    assert max(sizes) < 200_000
    assert [outcome for _, outcome in world.roll_outs] == ["succeeded"] * 8


def test_each_environment_is_stored_once_as_a_text_and_the_history_has_digests() -> None:
    world = World()
    world.run(create())
    for letter in LETTERS[:3]:
        world.run(deploy(environment=environment(letter), request_id=letter))
    world.wake(deploy(environment=environment("x"), request_id="x"))

    text = stored(world)

    assert {letter: text.count(letter * 1_000) // 29 for letter in "abcx"} == {
        "a": 0,
        "b": 1,
        "c": 1,
        "x": 2,  # the text, and the variables of the target
    }
    assert from_json(Record, text) == world.store.records[ENDPOINT]


def test_a_roll_out_that_would_fill_the_record_is_refused_with_what_to_shorten() -> None:
    world = World()
    world.run(create())
    crowded(world, MOST_BYTES_OF_ROLL_OUT - 10_000)
    before = world.store.records[ENDPOINT]

    answer = world.wake(deploy(environment=environment("x")))

    assert answer["status"] == "refused"
    assert "Shorten `environment`" in str(answer["reason"])
    assert world.store.records[ENDPOINT] == before


def test_a_stack_update_that_would_fill_the_record_fails_with_what_to_shorten() -> None:
    world = World()
    world.run(create())
    crowded(world, MOST_BYTES_OF_STACK - 10_000)

    world.wake(update(ModelEnvironment=json.dumps(environment("x"))))

    assert "shorten ModelEnvironment or EndpointSpecification" in world.answers[-1].reason


WRONG = {"EndpointName": "?"}


@pytest.mark.parametrize("kind", ["Update", "Delete"])
@pytest.mark.parametrize(
    "name",
    ["LogicalResourceId", "PhysicalResourceId", "RequestId", "ResponseURL", "StackId"],
)
def test_a_request_with_a_text_that_cloudformation_does_not_send_is_not_stored(
    name: str, kind: str
) -> None:
    world = World()
    world.run(create())
    before = world.store.records[ENDPOINT]

    for text in ("x" * 10_000, "ü"):
        with pytest.raises(UnreadableMessage, match=f"{name} must have at most"):
            world.wake(read_event(stack_event(kind, "request-1", **{name: text})))

    assert world.store.records[ENDPOINT] == before


def test_requests_that_claim_other_old_properties_never_fill_the_record() -> None:
    world = World()
    world.run(create())

    for number in range(20):
        variables = environment(f"{number:x}"[-1]) | {"N": f"{number}"}
        old = properties(ModelEnvironment=json.dumps(variables))
        members = {"ResourceProperties": WRONG, "OldResourceProperties": old}
        world.wake(read_event(stack_event("Update", f"request-{number}", **members)))
        world.settle(1)

    assert len(stored(world)) < 10_000
    assert world.wake(deploy("s3://relay-data/models/b.tar.gz"))["status"] == "accepted"


def test_a_lost_record_takes_no_old_properties_that_would_fill_it() -> None:
    world = World()
    members = {"ResourceProperties": WRONG, "OldResourceProperties": properties(No="x" * 390_000)}

    world.wake(read_event(stack_event("Update", "request-1", **members)))

    assert len(stored(world)) < 10_000


def stack_event(kind: str, request_id: str, **members: object) -> dict[str, object]:
    return {
        "RequestType": kind,
        "RequestId": request_id,
        "ResponseURL": "https://answers.example/request?secret",
        "StackId": STACK,
        "LogicalResourceId": "Endpoint",
        "PhysicalResourceId": ENDPOINT,
        "ResourceProperties": properties(),
        "OldResourceProperties": properties(),
        **members,
    }


@pytest.mark.parametrize("tail", ["", "\ud800", "ü"])
def test_a_long_text_is_read_as_it_was_written(tail: str) -> None:
    texts = {"short": "a", "long": "b" * 5_000 + tail, "again": "b" * 5_000 + tail}
    record = Record("relay", succeeded={**texts, "none": {"sha256": "c"}, "list": ["d" * 3_000]})

    text = to_json(record)

    assert from_json(Record, text) == record
    assert text.count("b" * 5_000) == 1


def test_a_record_that_has_no_long_text_is_written_as_before() -> None:
    record = Record("relay", succeeded={"ModelEnvironment": "{}"})

    assert "texts" not in json.loads(to_json(record))

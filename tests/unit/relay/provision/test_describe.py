import json

from relay.events.endpoint_events import Describe
from relay.provision.buckets import UploadEvents

from tests.support.provisioning.properties import specification
from tests.support.provisioning.requests import create, deploy, update
from tests.support.provisioning.world import World


def test_an_endpoint_that_was_never_made_is_described() -> None:
    described = World().reception().handle(Describe())

    assert described["waiting"] is None
    assert described["endpoint"] == {
        "name": "relay",
        "arn": "",
        "status": "Absent",
        "config": "",
        "failure_reason": "",
        "instances": {"current": 0, "desired": 0},
    }
    assert described["last_roll_out"] is None


def test_a_waiting_request_is_described_without_secrets() -> None:
    world = World()
    world.wake(create(ModelEnvironment='{"TOKEN": "hush"}'))

    described = world.reception().handle(Describe())

    assert described["goal"] == "serve"
    assert described["waiting"] == {
        "request": "Create",
        "since": "2026-03-01T12:00:00+00:00",
        "until": "2026-03-01T12:52:00+00:00",
        "its_turn": True,
        "failure": "",
    }
    assert "hush" not in json.dumps(described)
    assert "secret" not in json.dumps(described)


def test_what_was_made_and_what_became_of_it_is_described() -> None:
    world = World()
    world.run(create(), deploy("s3://models/2.tar.gz"))
    first = specification().generation
    second = specification(ModelDataUrl="s3://models/2.tar.gz").generation

    described = world.describe()

    assert described["serving"] == {
        "model": second.model,
        "config": second.config,
        "image": second.image,
        "model_data_url": "s3://models/2.tar.gz",
        "model_data_version": "",
        "instance_type": "ml.m5.large",
    }
    assert described["rollback_to"]["config"] == first.config
    assert described["last_roll_out"] == {
        "id": described["last_roll_out"]["id"],
        "kind": "deploy",
        "asked_by": "s3://models/2.tar.gz",
        "asked_at": described["last_roll_out"]["asked_at"],
        "begun_at": described["last_roll_out"]["begun_at"],
        "changes": ["ModelDataUrl", "ModelDataVersion"],
        "from": first.config,
        "to": second.config,
        "ended_at": described["last_roll_out"]["ended_at"],
        "outcome": "succeeded",
        "reason": "",
    }
    assert described["under_way"] is None
    assert described["queued"] is None


def test_what_is_under_way_and_what_waits_is_described() -> None:
    world = World()
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    world.wake(deploy("s3://models/3.tar.gz"))
    world.wake(update(InstanceCount="2"))

    described = world.describe()

    assert described["under_way"]["asked_by"] == "s3://models/2.tar.gz"
    assert described["queued"]["asked_by"] == "s3://models/3.tar.gz"
    assert described["waiting"]["its_turn"] is False


def inputs(*, events: bool | None = None) -> object:
    """The member `inputs` for a bucket that the stack does not own."""
    world = World(uploads=UploadEvents("lake", ("fraud/in/", "orders/in/")))
    if events is not None:
        world.buckets.add("lake", events=events)
    return world.describe()["inputs"]


def test_uploads_to_the_stacks_own_bucket_are_described() -> None:
    described = World().describe()["inputs"]

    assert described == {"bucket": None, "prefixes": ["inputs/"], "events": "own"}


def test_it_is_described_whether_another_bucket_sends_its_events() -> None:
    lake = {"bucket": "lake", "prefixes": ["fraud/in/", "orders/in/"]}

    assert inputs(events=True) == {**lake, "events": "on"}
    assert inputs(events=False) == {
        **lake,
        "events": "off",
        "problem": "no upload arrives: aws s3api put-bucket-notification-configuration --bucket "
        "lake --notification-configuration '{\"EventBridgeConfiguration\": {}}'",
    }
    assert inputs() == {
        **lake,
        "events": "unknown",
        "problem": "NoSuchBucket: The specified bucket does not exist",
    }

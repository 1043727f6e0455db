import json

from relay.provisioning.events import Describe

from tests.provisioning_fakes import World, create, specification


def test_an_endpoint_that_was_never_made_is_described() -> None:
    described = World().reception().handle(Describe())

    assert described["waiting"] is None
    assert described["endpoint"] == {
        "name": "relay",
        "arn": "",
        "status": "Absent",
        "config": "",
        "failure_reason": "",
    }


def test_who_waits_is_described_without_secrets() -> None:
    world = World()
    world.wake(create(ModelEnvironment='{"TOKEN": "hush"}'))

    described = world.reception().handle(Describe())

    assert described["goal"] == "serve"
    assert described["waiting"] == {
        "request": "Create",
        "since": "2026-03-01T12:00:00+00:00",
        "until": "2026-03-01T12:52:00+00:00",
        "failure": "",
    }
    assert "hush" not in json.dumps(described)
    assert "secret" not in json.dumps(described)


def test_what_was_made_is_described() -> None:
    world = World()
    world.run(create())
    generation = specification().generation

    described = world.reception().handle(Describe())

    assert described["generations"] == [
        {"model": generation.model, "config": generation.config, "image": generation.image}
    ]

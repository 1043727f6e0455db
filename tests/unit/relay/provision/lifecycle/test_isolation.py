"""A record or an upload that fails does not keep the others from being worked on."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from relay.errors import TransientError, UnreadableMessage
from relay.events.endpoint_events import ArtifactsUploaded
from relay.provision.lifecycle.record import Record

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import deploy, uploaded
from tests.support.provisioning.world import World

Load = Callable[[str], Record | None]


@pytest.fixture
def advanced(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the endpoints whose records were loaded; "broken" and "down" fail."""
    names: list[str] = []
    load: Load = world.store.load

    def loaded(name: str) -> Record | None:
        names.append(name)
        if name == "broken":
            raise KeyError("goal")
        if name == "down":
            raise TransientError("ThrottlingException")
        return load(name)

    monkeypatch.setattr(world.store, "load", loaded)
    return names


def with_former_names(world: World, *names: str) -> None:
    record = world.store.records[ENDPOINT]
    world.store.records[ENDPOINT] = replace(record, former_names=names)


def test_a_former_name_that_fails_keeps_the_sweep_from_no_other(
    world: World, advanced: list[str]
) -> None:
    with_former_names(world, "broken", "down", "gone")

    with pytest.raises(KeyError):
        world.sweep()

    assert {"broken", "down", "gone"} <= set(advanced)
    assert world.store.records[ENDPOINT].former_names == ("broken", "down")


def test_a_step_that_fails_keeps_the_sweep_from_no_former_name(
    world: World, advanced: list[str]
) -> None:
    with_former_names(world, "gone")
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")
    world.wake(deploy("s3://models/a.tar.gz"))

    with pytest.raises(TransientError, match="ThrottlingException"):
        world.sweep()

    assert "gone" in advanced


def test_an_upload_that_fails_keeps_no_other_from_its_roll_out(world: World) -> None:
    (bad,), (good,) = uploaded("models/1.tar.gz").uploads, uploaded("models/2.tar.gz").uploads

    with pytest.raises(UnreadableMessage, match="time of an upload is missing"):
        world.wake(ArtifactsUploaded((replace(bad, created_at=None), good)))
    world.settle()

    assert world.roll_outs[0] == ("upload of s3://relay-data/models/2.tar.gz", "succeeded")

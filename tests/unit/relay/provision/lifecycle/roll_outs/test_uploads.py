"""Roll-outs of artifacts that are uploaded under `models/`."""

from dataclasses import replace

import pytest
from relay.errors import AccessDenied, TransientError, UnreadableMessage
from relay.events.endpoint_events import ArtifactsUploaded

from tests.support.provisioning.requests import create, deploy, uploaded
from tests.support.provisioning.roll_outs import A, config, serving
from tests.support.provisioning.world import World


def test_an_uploaded_artifact_is_rolled_out(world: World) -> None:
    world.run(uploaded("models/churn/model.tar.gz", version="etag-1"))

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )


def test_an_artifact_uploaded_again_is_another_generation(world: World) -> None:
    world.run(
        uploaded(version="etag-1", order="2026-1"), uploaded(version="etag-2", order="2026-2")
    )

    url = "s3://relay-data/models/churn/model.tar.gz"
    assert set(world.sagemaker.configs) == {
        config(ModelDataUrl=url, ModelDataVersion=version) for version in ("etag-1", "etag-2")
    }
    assert serving(world) == config(ModelDataUrl=url, ModelDataVersion="etag-2")


def test_an_event_that_comes_twice_is_one_roll_out(world: World) -> None:
    world.run(uploaded(order="2026-1"), deploy(A), uploaded(order="2026-1"))

    assert serving(world) == config(ModelDataUrl=A, ModelDataVersion="")
    assert world.sagemaker.calls.count("update_endpoint") == 2


def test_an_upload_whose_event_comes_late_is_overtaken(world: World) -> None:
    world.run(
        uploaded("models/2.tar.gz", order="2026-2"), uploaded("models/1.tar.gz", order="2026-1")
    )

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/2.tar.gz", ModelDataVersion="etag-1"
    )
    assert world.roll_outs[:2] == [
        ("upload of s3://relay-data/models/1.tar.gz", "overtaken"),
        ("upload of s3://relay-data/models/2.tar.gz", "succeeded"),
    ]


@pytest.mark.parametrize("key", ["models/readme.md", "inputs/a.tar.gz", "models/"])
def test_other_objects_are_no_artifacts(key: str, world: World) -> None:
    world.wake(uploaded(key))
    world.wake(ArtifactsUploaded(()))

    assert world.sagemaker.calls == []
    assert "is no artifact" in world.log()


def test_an_upload_beside_one_that_cannot_be_read_is_rolled_out(world: World) -> None:
    event = replace(uploaded(version="etag-1"), problems=("Records[0].s3 is missing",))

    for _ in range(3):  # Lambda repeats an asynchronous invocation twice
        with pytest.raises(UnreadableMessage, match=r"Records\[0\].s3 is missing"):
            world.wake(event)
    world.settle()

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )
    assert world.sagemaker.calls.count("update_endpoint") == 1
    assert "upload not rolled out: Records[0].s3 is missing" in world.log()


def test_an_upload_that_cannot_be_read_is_told_of_also_when_another_fails(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")

    with pytest.raises(TransientError):
        world.wake(replace(uploaded(), problems=("Records[0].s3 is missing",)))

    assert "upload not rolled out: Records[0].s3 is missing" in world.log()


def test_an_upload_waits_five_minutes_for_an_endpoint_and_is_then_refused() -> None:
    world = World()
    world.wake(uploaded())
    assert world.describe()["last_roll_out"] is None

    for _ in range(6):
        world.sweep()

    ended = world.describe()["last_roll_out"]
    assert (ended["outcome"], "no endpoint" in ended["reason"]) == ("refused", True)


def test_an_upload_that_is_throttled_is_repeated_by_lambda(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")
    with pytest.raises(TransientError):
        world.wake(uploaded())

    world.sagemaker.errors.clear()
    world.wake(uploaded())
    world.settle()

    assert world.roll_outs[0] == (
        "upload of s3://relay-data/models/churn/model.tar.gz",
        "succeeded",
    )


def test_an_upload_waits_for_a_create_that_could_not_be_stored_at_first() -> None:
    """Lambda repeats it a minute later."""
    world = World()
    world.store.taken_away = True
    with pytest.raises(AccessDenied):
        world.wake(create())
    world.store.taken_away = False
    world.wake(uploaded())

    world.clock.pass_minutes(1)
    world.run(create())

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )


def test_an_artifact_that_comes_before_the_endpoint_is_there_waits_for_it() -> None:
    world = World()
    world.wake(create())

    world.wake(uploaded())
    assert [answer.reason for answer in world.answers] == []
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )


def test_an_upload_starts_nothing_where_roll_outs_by_upload_are_off() -> None:
    world = World(roll_out_uploads=False)
    world.run(create())
    before = world.endpoint

    world.run(uploaded())

    assert world.endpoint == before
    assert [asked_by for asked_by, _ in world.roll_outs] == ["CloudFormation Create create-1"]
    assert "is ignored: RollOutUploads is false" in world.log()

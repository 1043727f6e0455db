"""Updates of the stack: when they are answered, and what they keep."""

import pytest
from relay.events.endpoint_events import EndpointChanged, Sweep
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.requests import STACK, create, delete, update
from tests.support.provisioning.world import World

NEW_MODEL = "s3://models/churn/2/model.tar.gz"


OLD = specification().generation


NEW = specification(ModelDataUrl=NEW_MODEL).generation


def test_an_update_is_answered_once_the_new_configuration_serves(world: World) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    assert world.answers == []
    world.settle()

    [answer] = world.answers
    assert answer.reason == ""
    assert answer.physical_resource_id == ENDPOINT
    assert answer.data["ModelName"] == NEW.model
    assert world.endpoint is not None
    assert world.endpoint.config == NEW.config


def test_an_unchanged_specification_is_answered_at_once(world: World) -> None:
    world.wake(update())

    assert [answer.reason for answer in world.answers] == [""]
    assert world.sagemaker.calls == ["describe"]


def test_the_previous_generation_is_kept_and_older_ones_are_collected(world: World) -> None:
    second, third = "s3://models/2.tar.gz", "s3://models/3.tar.gz"

    world.run(update("u2", ModelDataUrl=second))
    world.run(update("u3", old={"ModelDataUrl": second}, ModelDataUrl=third))

    kept = [specification(ModelDataUrl=url).generation for url in (second, third)]
    assert set(world.sagemaker.configs) == {generation.config for generation in kept}
    assert set(world.sagemaker.models) == {generation.model for generation in kept}


def test_a_model_that_two_configurations_share_is_not_collected_with_one(world: World) -> None:
    for index in ("2", "3", "4"):
        before = {"MaxConcurrentInvocationsPerInstance": str(int(index) - 1)}
        request = update(index, old=before, MaxConcurrentInvocationsPerInstance=index)
        world.run(request)

    assert set(world.sagemaker.models) == {OLD.model}
    assert len(world.sagemaker.configs) == 2


def test_scaled_capacity_is_kept_unless_the_stack_changes_count_or_type(world: World) -> None:
    world.run(update("u1", ModelDataUrl=NEW_MODEL))
    world.run(update("u2", InstanceCount="3"))
    world.run(
        update("u3", old={"InstanceCount": "3"}, InstanceCount="3", InstanceType="ml.c5.xlarge")
    )

    assert world.sagemaker.retained == [True, False, False]


@pytest.mark.parametrize(
    "status",
    [
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.CREATING,
    ],
)
def test_an_update_waits_while_sagemaker_is_at_work(world: World, status: EndpointStatus) -> None:
    world.sagemaker.becomes(status)

    world.wake(update(ModelDataUrl=NEW_MODEL))
    assert "update_endpoint" not in world.sagemaker.calls
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_newer_request_takes_the_place_of_one_that_cloudformation_gave_up(world: World) -> None:
    first = update("first", ModelDataUrl=NEW_MODEL)
    world.wake(first)
    world.wake(update("cancelled", old={"ModelDataUrl": NEW_MODEL}))

    world.wake(first)  # Lambda repeats it late
    world.settle()

    [answer] = world.answers
    assert answer.request.request_id == "cancelled"
    assert world.endpoint is not None
    assert world.endpoint.config == OLD.config


def test_an_invocation_that_is_overtaken_leaves_the_rest_to_the_other(world: World) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    world.sagemaker.settle()

    world.store.meanwhile = lambda: world.wake(Sweep())
    world.wake(EndpointChanged(ENDPOINT, "InService"))

    assert len({answer.to_json() for answer in world.answers}) == 1
    assert world.store.records[ENDPOINT].pending is None


def test_a_request_is_stored_even_when_another_invocation_writes_at_the_same_time(
    world: World,
) -> None:
    def another_write() -> None:
        world.store.save(world.store.records[ENDPOINT])

    world.store.meanwhile = another_write
    world.run(update(ModelDataUrl=NEW_MODEL))

    assert [answer.reason for answer in world.answers] == [""]


def test_a_changed_name_makes_a_new_endpoint_and_cloudformation_deletes_the_old(
    world: World,
) -> None:
    world.endpoint_name = "renamed"  # the function was updated before

    world.run(update(EndpointName="renamed"))
    assert set(world.sagemaker.endpoints) == {ENDPOINT, "renamed"}
    world.run(delete())

    assert [(a.physical_resource_id, a.reason) for a in world.answers] == [
        ("renamed", ""),
        (ENDPOINT, ""),
    ]
    assert set(world.sagemaker.endpoints) == {"renamed"}
    assert len(world.sagemaker.configs) == 1
    assert world.store.records["renamed"].former_names == ()


def test_the_tags_of_an_update_reach_the_endpoint_itself() -> None:
    world = World()
    world.run(create())
    tagged = '{"Tags": [{"Key": "team", "Value": "fraud"}]}'

    world.run(update(EndpointSpecification=tagged, StackId=STACK))

    assert world.endpoint
    tags = world.sagemaker.tags[world.endpoint.arn]
    assert tags == {"team": "fraud", "async-inference-relay:stack": STACK}

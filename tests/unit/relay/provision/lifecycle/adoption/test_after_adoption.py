"""What becomes of an existing endpoint that the relay serves."""

from dataclasses import replace

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.events.endpoint_events import Describe, DirectCall, EndpointChanged
from relay.provision.lifecycle.record import Record
from relay.provision.specification.existing import Adoption, Setup

from tests.support.provisioning.existing import (
    ERROR,
    EXISTING,
    FITTING,
    THEIRS,
    existing_endpoint,
    reason,
    untouched,
)
from tests.support.provisioning.properties import ENDPOINT, SCALED
from tests.support.provisioning.requests import create, delete, update
from tests.support.provisioning.world import World


@pytest.fixture
def world() -> World:
    return existing_endpoint()


def test_a_variant_that_its_owner_renames_is_reported(world: World) -> None:
    world.run(create(**EXISTING))
    world.sagemaker.setups[THEIRS] = replace(FITTING, variants=("primary",))

    world.wake(EndpointChanged(ENDPOINT, "InService"))

    assert "Set VariantName to a variant that the endpoint has" in world.log()


def test_deleting_the_stack_leaves_the_endpoint(world: World) -> None:
    world.run(create(**EXISTING), delete(**EXISTING))

    assert [answer.reason for answer in world.answers] == ["", ""]
    assert world.endpoint
    assert untouched(world)
    assert world.store.records[ENDPOINT].empty


def test_rolling_back_a_failed_creation_leaves_the_endpoint(world: World) -> None:
    world.sagemaker.setups[THEIRS] = Setup(THEIRS)

    world.run(create(**EXISTING), delete(**EXISTING))

    assert world.endpoint
    assert untouched(world)


def test_deleting_the_stack_without_its_record_leaves_the_endpoint(world: World) -> None:
    world.run(delete(**EXISTING))

    assert reason(world) == ""
    assert world.endpoint
    assert untouched(world)


def test_an_endpoint_of_the_relays_own_can_be_handed_over() -> None:
    world = World()
    world.run(create())
    made = world.endpoint
    assert made
    world.sagemaker.setups[made.config] = replace(FITTING, name=made.config)
    world.sagemaker.calls.clear()

    world.run(update(**EXISTING), delete(**EXISTING))

    assert [answer.reason for answer in world.answers] == ["", "", ""]
    assert world.endpoint == made
    assert untouched(world)


def test_scaling_is_kept_on_handover_and_follows_the_stack_after_it_is_taken_back() -> None:
    world = World()
    world.run(create(**SCALED))
    assert world.endpoint
    config = world.endpoint.config
    world.sagemaker.setups[config] = replace(FITTING, name=config)

    world.run(update(old=SCALED, **EXISTING))
    handed_over = dict(world.autoscaler.registered)
    world.run(update("update-2", old=EXISTING))

    assert [answer.reason for answer in world.answers] == ["", "", ""]
    assert handed_over[ENDPOINT].maximum == 4
    assert world.autoscaler.registered == {}


def test_an_endpoint_that_is_handed_over_can_be_taken_back() -> None:
    world = World()
    world.run(create())
    made = world.endpoint
    assert made
    world.sagemaker.setups[made.config] = replace(FITTING, name=made.config)

    world.run(update(**EXISTING), update("update-2", old=EXISTING), delete())

    assert [answer.reason for answer in world.answers] == ["", "", "", ""]
    assert world.endpoint is None
    assert not world.sagemaker.configs
    assert not world.sagemaker.models


def test_an_existing_endpoint_is_not_taken_over(world: World) -> None:
    world.run(create(**EXISTING), update(old=EXISTING))

    answer = world.answers[-1]
    assert "which this request did not make. The relay does not change it" in answer.reason
    assert world.endpoint
    assert world.endpoint.config == THEIRS


@pytest.mark.parametrize("action", ["deploy", "rollback"])
def test_nothing_is_rolled_out_to_it(world: World, action: str) -> None:
    world.run(create(**EXISTING))
    members = {"model_data_url": "s3://models/2/model.tar.gz"} if action == "deploy" else {}

    said = world.reception().handle(DirectCall(action, {"action": action, **members}))

    assert said["status"] == "refused"
    assert "never changes that endpoint" in str(said["reason"])
    assert untouched(world)


def test_when_its_owner_changes_it_the_log_names_what_no_longer_fits(world: World) -> None:
    world.run(create(**EXISTING))
    world.sagemaker.setups[THEIRS] = replace(FITTING, success_topic_arn="")

    world.wake(EndpointChanged(ENDPOINT, "InService"))

    assert "existing endpoint is not suitable: AsyncInferenceConfig.OutputConfig.Not" in world.log()


def test_describe_shows_what_is_wanted_and_what_is_wrong(world: World) -> None:
    world.run(create(**EXISTING))
    world.sagemaker.setups[THEIRS] = replace(FITTING, error_topic_arn="")

    described = world.reception().handle(Describe())["existing"]

    assert isinstance(described, dict)
    assert ERROR in described["wanted"]
    assert len(described["problems"]) == 1


def test_what_is_wanted_survives_being_stored(world: World) -> None:
    world.sagemaker.setups[THEIRS] = replace(FITTING, variants=("primary",))
    world.run(create(**EXISTING, VariantName="primary"))
    record = world.store.records[ENDPOINT]

    again = from_json(Record, to_json(record))

    assert isinstance(again.adoption, Adoption)
    assert again == record

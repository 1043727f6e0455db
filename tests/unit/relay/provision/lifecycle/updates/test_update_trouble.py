"""Updates of the stack that fail, are rolled back, or meet what someone else did."""

from dataclasses import replace

import pytest
from relay.errors import PermanentError, TransientError
from relay.events.endpoint_events import EndpointChanged
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.requests import update
from tests.support.provisioning.world import World

NEW_MODEL = "s3://models/churn/2/model.tar.gz"


OLD = specification().generation


NEW = specification(ModelDataUrl=NEW_MODEL).generation


def test_an_update_that_is_rolled_back_fails_with_the_reason_and_is_collected(
    world: World,
) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    world.sagemaker.becomes(EndpointStatus.ROLLING_BACK)
    world.wake(EndpointChanged(ENDPOINT, "RollingBack"))
    assert world.answers == []

    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "The container did not pass the ping.")
    world.wake(EndpointChanged(ENDPOINT, "InService"))

    [answer] = world.answers
    assert "The container did not pass the ping" in answer.reason
    assert "rolled it back" in answer.reason
    assert answer.physical_resource_id == ENDPOINT
    assert set(world.sagemaker.configs) == {OLD.config}
    assert set(world.sagemaker.models) == {OLD.model}


def test_the_update_with_which_cloudformation_rolls_back_succeeds(world: World) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "no ping")
    world.sweep()

    world.wake(update("back", old={"ModelDataUrl": NEW_MODEL}))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]


def test_a_deleted_configuration_in_service_is_created_again_for_an_update(world: World) -> None:
    del world.sagemaker.configs[OLD.config], world.sagemaker.models[OLD.model]

    with pytest.raises(TransientError, match="configuration in service"):
        world.wake(update(ModelDataUrl=NEW_MODEL))
    assert world.sagemaker.updates == []
    assert {OLD.config, NEW.config} == set(world.sagemaker.configs)
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None
    assert world.endpoint.config == NEW.config


def test_an_update_fails_if_no_record_has_the_deleted_configuration_in_service(
    world: World,
) -> None:
    del world.sagemaker.configs[OLD.config]
    world.store.records[ENDPOINT] = replace(world.store.records[ENDPOINT], recipes={})

    world.wake(update(ModelDataUrl=NEW_MODEL))

    [answer] = world.answers
    assert "could not find the configuration in service" in answer.reason
    assert world.endpoint is not None
    assert world.endpoint.config == OLD.config


def test_an_update_that_sagemaker_has_not_begun_yet_is_not_taken_for_a_rollback(
    world: World,
) -> None:
    before = world.endpoint
    assert before is not None
    world.wake(update(ModelDataUrl=NEW_MODEL))
    updating = world.endpoint
    assert updating is not None

    world.sagemaker.endpoints[ENDPOINT] = before  # DescribeEndpoint lags behind
    world.sweep()
    assert world.answers == []
    world.sagemaker.endpoints[ENDPOINT] = updating
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_an_update_whose_rollback_fails_says_so_and_leaves_all_configurations(
    world: World,
) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.sweep()
    world.sweep()

    [answer] = world.answers
    assert "UpdateRollbackFailed" in answer.reason
    assert "mixed" in answer.reason
    assert set(world.sagemaker.configs) == {OLD.config, NEW.config}


@pytest.mark.parametrize(
    "status", [EndpointStatus.OUT_OF_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED]
)
def test_an_endpoint_that_serves_badly_can_be_updated(world: World, status: EndpointStatus) -> None:
    world.sagemaker.becomes(status, "no capacity")

    world.run(update(ModelDataUrl=NEW_MODEL))

    assert [answer.reason for answer in world.answers] == [""]


@pytest.mark.parametrize("status", [EndpointStatus.OUT_OF_SERVICE, EndpointStatus.FAILED])
def test_an_update_that_ends_out_of_service_fails(world: World, status: EndpointStatus) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))

    world.sagemaker.becomes(status, "no capacity")
    world.sweep()

    [answer] = world.answers
    assert "no capacity" in answer.reason
    assert "It does not serve" in answer.reason


def test_an_endpoint_that_had_failed_before_the_update_is_recreated(world: World) -> None:
    world.sagemaker.becomes(EndpointStatus.FAILED, "no capacity")

    world.run(update(ModelDataUrl=NEW_MODEL))

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None
    assert world.endpoint.config == NEW.config
    assert "delete_endpoint" in world.sagemaker.calls


def test_a_deleted_endpoint_is_recreated(world: World) -> None:
    world.sagemaker.endpoints.clear()

    world.run(update(ModelDataUrl=NEW_MODEL))

    assert [answer.reason for answer in world.answers] == [""]


def test_an_endpoint_that_was_updated_outside_the_stack_is_left_alone(world: World) -> None:
    world.sagemaker.exists("by-hand")

    world.wake(update(ModelDataUrl=NEW_MODEL))

    [answer] = world.answers
    assert "configuration by-hand" in answer.reason
    assert world.endpoint is not None
    assert world.endpoint.config == "by-hand"


def test_an_update_that_sagemaker_refuses_leaves_the_endpoint_in_service(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = PermanentError("not supported")

    world.wake(update(ModelDataUrl=NEW_MODEL))

    [answer] = world.answers
    assert answer.reason.startswith("not supported. ")
    assert world.endpoint is not None
    assert world.endpoint.status is EndpointStatus.IN_SERVICE
    assert set(world.sagemaker.configs) == {OLD.config}


def test_an_update_that_takes_too_long_fails_and_stays_the_stacks_when_it_completes(
    world: World,
) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    for _ in range(54):
        world.sweep()
    [answer] = world.answers
    assert "still Updating after 52 minutes" in answer.reason

    world.settle()
    world.run(update("back", old={"ModelDataUrl": NEW_MODEL}))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert world.endpoint is not None
    assert world.endpoint.config == OLD.config


def test_an_update_that_completes_late_is_reverted_by_the_rollback(world: World) -> None:
    world.wake(update(ModelDataUrl=NEW_MODEL))
    for _ in range(53):
        world.sweep()

    world.wake(update("back", old={"ModelDataUrl": NEW_MODEL}))  # while it is still updating
    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert world.endpoint is not None
    assert world.endpoint.config == OLD.config


def test_a_specification_that_failed_once_can_succeed_later(world: World) -> None:
    world.wake(update("u1", ModelDataUrl=NEW_MODEL))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.sweep()

    world.run(update("u2", ModelDataUrl=NEW_MODEL))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert set(world.sagemaker.configs) == {OLD.config, NEW.config}


def test_a_lost_record_is_recreated_from_the_request(world: World) -> None:
    world.store.records.clear()

    world.run(update(ModelDataUrl=NEW_MODEL))

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None
    assert world.endpoint.config == NEW.config


def test_a_changed_name_that_fails_leaves_nothing_of_the_new_endpoint(world: World) -> None:
    world.endpoint_name = "renamed"
    world.wake(update(EndpointName="renamed"))
    world.sagemaker.becomes(EndpointStatus.FAILED, "no ping", name="renamed")
    world.settle()
    world.endpoint_name = ENDPOINT

    world.run(update("back", old={"EndpointName": "renamed"}))

    assert [(a.physical_resource_id, bool(a.reason)) for a in world.answers] == [
        (ENDPOINT, True),
        (ENDPOINT, False),
    ]
    assert set(world.sagemaker.endpoints) == {ENDPOINT}
    assert set(world.sagemaker.configs) == {OLD.config}


def test_a_throttled_update_continues_later(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")
    with pytest.raises(TransientError):
        world.wake(update(ModelDataUrl=NEW_MODEL))

    world.sagemaker.errors.clear()
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]

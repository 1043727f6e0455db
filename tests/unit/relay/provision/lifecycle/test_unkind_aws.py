"""AWS lags, denies and then grants, and cancels: still one response, and nothing left behind."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from relay.errors import AccessDenied, PermanentError, RelayError
from relay.events.endpoint_events import Sweep
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.specification.scaling import Scaling

from tests.support.provisioning.properties import ENDPOINT, SCALED
from tests.support.provisioning.requests import create, delete, deploy, update
from tests.support.provisioning.roll_outs import OLD, A, config, serving
from tests.support.provisioning.world import World

MADE_UP = "relay-Endpoint-1X2Y3Z"
DENIED = AccessDenied("not authorized")


def sweeps(world: World, minutes: int) -> None:
    """The sweep of each minute, also while it raises."""
    for _ in range(minutes):
        with suppress(RelayError):
            world.sweep()


# --- CloudFormation cancels and repeats -----------------------------------------------------------


def test_a_cancelled_create_is_removed_however_often_its_delete_comes() -> None:
    world = World()
    world.wake(create())

    world.wake(delete(id=MADE_UP))
    world.wake(delete(id=MADE_UP))
    assert world.answers == []
    world.settle()

    [answer] = world.answers
    assert (answer.reason, answer.physical_resource_id) == ("", MADE_UP)
    assert (world.endpoint, world.sagemaker.configs) == (None, {})


def test_a_second_delete_with_a_made_up_id_waits_for_the_first_removal() -> None:
    world = World()
    world.wake(create())
    world.wake(delete(id=MADE_UP))
    sweeps(world, 54)
    [timed_out] = world.answers
    assert "still Creating after 52 minutes" in timed_out.reason

    world.wake(delete("delete-2", id=MADE_UP))
    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert (world.endpoint, world.sagemaker.configs) == (None, {})


def test_a_rename_deployed_again_is_not_a_success_because_the_first_try_was_removed(
    world: World,
) -> None:
    world.sagemaker.broken = {A}
    world.endpoint_name = "renamed"
    world.wake(update("rename", EndpointName="renamed", ModelDataUrl=A))
    world.endpoint_name = ENDPOINT  # CloudFormation cancels it
    world.wake(update("back", old={"EndpointName": "renamed"}))
    assert world.sagemaker.endpoints["renamed"].status is EndpointStatus.CREATING
    world.endpoint_name = "renamed"
    world.wake(update("again", EndpointName="renamed", ModelDataUrl=A))
    world.settle()

    answer = world.answers[-1]
    assert answer.request.request_id == "again"
    assert "no ping" in answer.reason
    assert set(world.sagemaker.endpoints) == {ENDPOINT}


def test_a_stack_update_follows_a_roll_out_whose_call_has_left_no_trace(world: World) -> None:
    """UpdateEndpoint has begun, and the record could not be written afterwards."""
    world.wake(deploy(A))
    record = world.store.records[ENDPOINT]
    assert record.attempt is not None
    lost = replace(record.attempt, called_at=None)
    world.store.records[ENDPOINT] = replace(record, attempt=lost)

    more: dict[str, Any] = {"MaxConcurrentInvocationsPerInstance": "2"}
    world.run(update(**more))

    assert [answer.reason for answer in world.answers] == [""]
    updates = [each.generation.config for each in world.sagemaker.updates]
    assert updates == [config(ModelDataUrl=A), config(ModelDataUrl=A, **more)]


def test_an_endpoint_that_was_deleted_does_not_stay_absent_when_its_roll_out_is_refused(
    world: World,
) -> None:
    """A roll-out that comes at the moment of the deletion hides that the relay made it."""
    world.sagemaker.becomes(EndpointStatus.FAILED, "InternalServerError")
    world.wake(deploy(A))
    record = world.store.records[ENDPOINT]
    world.store.records[ENDPOINT] = replace(record, recreating=False)
    world.sagemaker.errors["create_endpoint"] = PermanentError("ResourceLimitExceeded")
    world.sagemaker.settle()
    sweeps(world, 20)
    assert world.endpoint is None

    world.sagemaker.errors.clear()
    world.settle(20)

    assert serving(world) == OLD.config


# --- a decision is stored before it is delivered --------------------------------------------------


def test_what_was_delivered_as_a_success_is_never_undone() -> None:
    world = World()
    world.wake(create())
    world.responder.on_delivery = lambda: setattr(world.store, "taken_away", True)
    world.sagemaker.settle()
    with pytest.raises(AccessDenied):
        world.sweep()
    sweeps(world, 60)

    world.store.taken_away = False
    world.settle()

    assert {answer.reason for answer in world.answers} == {""}
    assert world.endpoint is not None


def test_no_response_follows_that_contradicts_the_one_that_was_decided() -> None:
    """The endpoint comes into service in the minute in which the time is over."""
    world = World()
    world.wake(create())
    world.sagemaker.settle()
    world.responder.reachable = False
    sweeps(world, 55)

    world.responder.reachable = True
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None


def test_another_invocation_takes_no_step_at_the_same_time(world: World) -> None:
    world.wake(update(ModelDataUrl=A))
    calls = len(world.sagemaker.calls)
    assert world.store.lease(ENDPOINT) is not None

    world.wake(Sweep())
    assert len(world.sagemaker.calls) == calls
    world.settle()

    assert serving(world) == config(ModelDataUrl=A)


def test_a_request_stored_while_another_invocation_ends_is_begun_by_that_one(world: World) -> None:
    world.wake(update(ModelDataUrl=A))
    world.sagemaker.settle()
    world.store.meanwhile = lambda: world.wake(deploy("s3://models/b.tar.gz"))

    world.wake(Sweep())

    assert world.sagemaker.pending[ENDPOINT] == config(ModelDataUrl="s3://models/b.tar.gz")


# --- permissions that arrive late -----------------------------------------------------------------


def test_patience_begins_with_the_first_refusal() -> None:
    world = World()
    world.wake(create())
    sweeps(world, 10)
    world.sagemaker.errors["describe"] = DENIED
    sweeps(world, 2)
    world.sagemaker.errors.clear()
    sweeps(world, 10)
    world.sagemaker.errors["describe"] = DENIED
    sweeps(world, 2)
    world.sagemaker.errors.clear()
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None


def test_a_failed_endpoint_is_not_deleted_before_the_next_one_can_be_made(world: World) -> None:
    world.sagemaker.becomes(EndpointStatus.FAILED)
    world.sagemaker.errors["create_model"] = DENIED
    with pytest.raises(AccessDenied):
        world.wake(update(ModelDataUrl=A))
    sweeps(world, 2)
    assert world.endpoint is not None

    world.sagemaker.errors.clear()
    world.settle()

    assert serving(world) == config(ModelDataUrl=A)


@pytest.mark.parametrize("error", [DENIED, PermanentError("ResourceLimitExceeded: 0 instances")])
def test_an_endpoint_that_was_deleted_to_be_recreated_does_not_stay_absent(
    world: World, error: RelayError
) -> None:
    world.sagemaker.becomes(EndpointStatus.FAILED)
    world.sagemaker.errors["create_endpoint"] = error
    world.wake(update(ModelDataUrl=A))
    world.sagemaker.settle()
    sweeps(world, 7)
    [answer] = world.answers
    assert str(error) in answer.reason
    assert world.endpoint is None

    world.sagemaker.errors.clear()
    world.settle()

    assert world.endpoint is not None
    assert world.endpoint.status is EndpointStatus.IN_SERVICE


# --- scaling --------------------------------------------------------------------------------------


def test_a_retyped_endpoint_whose_scaling_fails_can_be_rolled_back() -> None:
    world = World()
    world.run(create(**SCALED))
    more = {**SCALED, "MaxInstanceCount": "9", "InstanceType": "ml.m5.xlarge"}
    world.autoscaler.errors["register"] = PermanentError("no more than 8")
    world.wake(update(old=SCALED, **more))
    world.sagemaker.settle()
    sweeps(world, 5)
    assert "no more than 8" in world.answers[-1].reason
    world.autoscaler.errors.clear()
    world.autoscaler.registered[ENDPOINT] = Scaling(0, 4, 5, 300, 120)  # only its policy failed

    world.run(update("back", old=more, **SCALED))

    assert world.answers[-1].reason == ""
    assert serving(world) == config(**SCALED)


@pytest.mark.parametrize("error", [DENIED, PermanentError("no more scaling policies")])
def test_an_update_that_is_taken_back_succeeds_before_its_scaling_is_restored(
    error: RelayError,
) -> None:
    world = World()
    world.run(create(**SCALED))
    more = {**SCALED, "MaxInstanceCount": "9"}
    world.autoscaler.errors["register"] = error
    with suppress(RelayError):
        world.wake(update(old=SCALED, **more))
    sweeps(world, 7)

    with suppress(RelayError):
        world.wake(update("back", old=more, **SCALED))
    sweeps(world, 7)
    assert [bool(answer.reason) for answer in world.answers] == [False, True, False]
    world.autoscaler.errors.clear()
    world.settle()

    assert world.autoscaler.registered[ENDPOINT].maximum == 4


def test_an_instance_taken_away_while_scaling_is_turned_off_comes_back() -> None:
    world = World()
    world.run(create(**SCALED))
    world.answers.clear()
    world.wake(update(old=SCALED))
    world.sagemaker.scaled_to(0)  # a scale-in that began before

    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.sagemaker.counts[ENDPOINT] == 1


# --- DescribeEndpoint lags ------------------------------------------------------------------------


def test_an_endpoint_that_does_not_show_yet_is_deleted_all_the_same() -> None:
    world = World()
    world.wake(create())
    [(name, endpoint)] = world.sagemaker.endpoints.items()
    world.sagemaker.endpoints.clear()
    world.wake(delete(id=MADE_UP))
    assert world.answers == []

    world.sagemaker.endpoints[name] = endpoint
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert (world.endpoint, world.sagemaker.configs) == (None, {})


def test_an_update_that_fails_without_a_witness_is_not_called_again(world: World) -> None:
    """The function is killed right after UpdateEndpoint, and the endpoint rolls back."""

    def fails_at_once(endpoint: EndpointDescription) -> None:
        world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "no ping")

    world.store.meanwhile = None
    calls = world.sagemaker.calls
    world.wake(update(ModelDataUrl=A))
    record = world.store.records[ENDPOINT]
    assert record.attempt is not None
    world.store.records[ENDPOINT] = record.attempting(
        record.attempt.config, record.attempt.last_modified
    )
    assert world.endpoint is not None
    fails_at_once(world.endpoint)
    world.settle()

    [answer] = world.answers
    assert "no ping" in answer.reason
    assert calls.count("update_endpoint") == 1


def test_an_update_that_had_no_effect_is_called_again(world: World) -> None:
    world.wake(update(ModelDataUrl=A))
    before = world.sagemaker.endpoints[ENDPOINT]
    record = world.store.records[ENDPOINT]
    assert record.attempt is not None
    world.sagemaker.pending.clear()
    world.sagemaker.endpoints[ENDPOINT] = EndpointDescription(
        before.name,
        EndpointStatus.IN_SERVICE,
        before.arn,
        before.config,
        last_modified=record.attempt.last_modified,
        current_instances=1,
        desired_instances=1,
    )

    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == config(ModelDataUrl=A)

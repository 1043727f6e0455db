from dataclasses import replace

import pytest
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.events.endpoint_events import EndpointChanged
from relay.provision.endpoint import EndpointStatus
from relay.provision.lifecycle.ports import ResponseNotDelivered

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.requests import OTHER_STACK, create, delete, update
from tests.support.provisioning.world import World

GENERATION = specification().generation


def test_a_create_is_answered_once_the_endpoint_is_in_service() -> None:
    world = World()

    world.wake(create())
    assert world.answers == []
    world.sagemaker.settle()
    world.wake(EndpointChanged(ENDPOINT, "InService"))

    [answer] = world.answers
    assert answer.reason == ""
    assert answer.physical_resource_id == ENDPOINT
    assert answer.data == {
        "EndpointName": ENDPOINT,
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay",
        "ModelName": GENERATION.model,
        "EndpointConfigName": GENERATION.config,
        "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0",
    }


def test_the_sweep_finishes_what_had_no_event() -> None:
    world = World()

    world.wake(create())
    world.sweep()
    assert world.answers == []
    world.sagemaker.settle()
    world.sweep()

    assert [answer.reason for answer in world.answers] == [""]


def test_events_that_come_twice_change_nothing() -> None:
    world = World()

    for _ in range(2):
        world.wake(create())
        world.wake(EndpointChanged(ENDPOINT, "Creating"))
    world.sagemaker.settle()
    for _ in range(2):
        world.wake(EndpointChanged(ENDPOINT, "InService"))
        world.wake(create())

    assert len(world.answers) == 1
    assert world.sagemaker.calls.count("create_endpoint") == 1


def test_events_of_other_endpoints_are_ignored() -> None:
    world = World()
    world.wake(create())
    world.sagemaker.settle()

    before = len(world.notes)
    world.wake(EndpointChanged("another", "InService"))

    assert world.answers == []
    assert len(world.notes) == before


def test_a_failed_create_is_cleaned_up_before_it_is_answered() -> None:
    world = World()
    world.wake(create())

    world.sagemaker.becomes(EndpointStatus.FAILED, "The primary container did not pass the ping.")
    world.wake(EndpointChanged(ENDPOINT, "Failed"))
    assert world.answers == []
    world.settle()

    [answer] = world.answers
    assert "The primary container did not pass the ping" in answer.reason
    assert "/aws/sagemaker/Endpoints/relay" in answer.reason
    assert answer.physical_resource_id == ENDPOINT
    assert (world.sagemaker.endpoints, world.sagemaker.configs, world.sagemaker.models) == (
        {},
        {},
        {},
    )


def test_the_delete_that_follows_a_failed_create_succeeds() -> None:
    world = World()
    world.wake(create())
    world.sagemaker.becomes(EndpointStatus.FAILED, "no ping")
    world.settle()

    world.run(delete())

    assert [bool(answer.reason) for answer in world.answers] == [True, False]


@pytest.mark.parametrize("status", [EndpointStatus.IN_SERVICE, EndpointStatus.FAILED])
def test_an_endpoint_that_exists_already_is_neither_adopted_nor_deleted(
    status: EndpointStatus,
) -> None:
    world = World()
    world.sagemaker.exists("another-owners", status)
    before = world.endpoint

    world.run(create(), delete())

    refusal, removal = world.answers
    assert "already exists with configuration another-owners" in refusal.reason
    assert "Choose another EndpointName" in refusal.reason
    assert removal.reason == ""
    assert world.endpoint == before


def test_a_create_never_takes_over_the_endpoint_that_its_own_stack_has_in_service() -> None:
    world = World()
    world.run(create())
    before = world.endpoint

    world.run(create("create-2", ModelDataUrl="s3://models/2.tar.gz"))
    world.clock.pass_minutes(120)
    world.settle()

    assert "already exists" in world.answers[-1].reason
    assert world.endpoint == before


def test_a_create_that_is_rolled_back_removes_only_what_it_created() -> None:
    world = World()
    world.run(create())
    before = world.endpoint
    world.sagemaker.errors["describe"] = TransientError("ThrottlingException")
    with pytest.raises(TransientError):
        world.wake(create("create-2", ModelDataUrl="s3://models/2.tar.gz"))

    world.clock.pass_minutes(53)
    with pytest.raises(TransientError):
        world.sweep()
    world.sagemaker.errors.clear()
    world.settle()

    assert "ThrottlingException" in world.answers[-1].reason
    assert world.endpoint == before


def test_a_create_that_failed_is_not_tried_again_although_its_mark_was_lost() -> None:
    world = World()
    world.wake(create())
    world.store.records[ENDPOINT] = replace(world.store.records[ENDPOINT], attempt=None)

    world.sagemaker.becomes(EndpointStatus.FAILED, "no ping")
    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [True]
    assert world.sagemaker.calls.count("create_endpoint") == 1


def test_an_endpoint_that_is_being_deleted_is_waited_for() -> None:
    world = World()
    world.sagemaker.exists("another-owners", EndpointStatus.DELETING)

    world.wake(create())
    assert world.answers == []
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_wrong_specification_fails_with_every_problem_and_makes_nothing() -> None:
    world = World()

    world.wake(create(InstanceCount="many", FrameworkVersion="9.9"))

    [answer] = world.answers
    assert "InstanceCount" in answer.reason
    assert "FrameworkVersion '9.9'" in answer.reason
    assert answer.physical_resource_id == ENDPOINT
    assert world.sagemaker.calls == []


def test_the_delete_that_follows_a_wrong_specification_asks_sagemaker_nothing() -> None:
    world = World()

    world.run(create(InstanceCount="many"), delete(InstanceCount="many"))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert world.sagemaker.calls == []


def test_an_endpoint_that_the_function_does_not_look_after_is_refused() -> None:
    world = World()

    world.wake(create(EndpointName="another"))

    [answer] = world.answers
    assert "ENDPOINT_NAME" in answer.reason


def test_a_throttle_is_raised_and_the_next_wake_up_continues() -> None:
    world = World()
    world.sagemaker.errors["create_config"] = TransientError("ThrottlingException")

    with pytest.raises(TransientError):
        world.wake(create())
    world.sagemaker.errors.clear()
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_create_waits_until_iam_has_propagated_its_permission() -> None:
    world = World()
    world.sagemaker.errors["create_endpoint"] = AccessDenied("sns:Publish")

    with pytest.raises(AccessDenied):
        world.wake(create())
    with pytest.raises(AccessDenied):
        world.sweep()
    assert world.answers == []
    world.sagemaker.errors.clear()
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_permission_that_stays_missing_fails_the_create_after_five_minutes() -> None:
    world = World()
    world.sagemaker.errors["create_endpoint"] = AccessDenied("grant sns:Publish on the topic")
    with pytest.raises(AccessDenied):
        world.wake(create())

    world.clock.pass_minutes(5)
    world.wake(EndpointChanged(ENDPOINT, "Whatever"))

    [answer] = world.answers
    assert answer.reason.startswith("grant sns:Publish on the topic. ")
    assert world.sagemaker.models == {}


def test_what_sagemaker_will_never_accept_fails_at_once_and_is_cleaned_up() -> None:
    world = World()
    world.sagemaker.errors["create_endpoint"] = PermanentError("ResourceLimitExceeded: 0 instances")

    world.wake(create())

    [answer] = world.answers
    assert answer.reason.startswith("ResourceLimitExceeded: 0 instances. ")
    assert world.sagemaker.configs == {}


def test_an_endpoint_that_takes_too_long_is_answered_in_time_and_then_removed() -> None:
    world = World()
    world.wake(create())

    for _ in range(54):
        world.sweep()

    [answer] = world.answers
    assert "still Creating after 52 minutes" in answer.reason
    world.settle()
    assert world.endpoint is None
    assert world.sagemaker.models == {}
    assert len(world.answers) == 1


def test_an_answer_that_cannot_be_delivered_is_repeated_until_it_is() -> None:
    world = World()
    world.wake(create())
    world.sagemaker.settle()
    world.responder.reachable = False

    for _ in range(3):
        with pytest.raises(TransientError):
            world.sweep()
    world.responder.reachable = True
    world.sweep()
    world.sweep()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_success_that_cannot_be_delivered_never_becomes_a_failure() -> None:
    world = World()
    world.wake(create())
    world.sagemaker.settle()
    world.responder.reachable = False
    world.clock.pass_minutes(54)

    with pytest.raises(ResponseNotDelivered):
        world.sweep()
    world.responder.reachable = True
    world.sweep()

    assert [answer.reason for answer in world.answers] == [""]


def test_an_answer_that_cloudformation_no_longer_awaits_is_dropped_with_the_endpoint() -> None:
    world = World()
    world.responder.reachable = False
    world.wake(create())
    world.sagemaker.settle()

    world.clock.pass_minutes(60)
    world.settle()

    assert world.answers == []
    assert world.endpoint is None
    assert any(
        note.level == "error" and "CloudFormation timed out" in note.text for note in world.notes
    )


def test_another_stack_neither_takes_nor_deletes_the_endpoint() -> None:
    world = World()
    world.run(create())
    before = world.endpoint

    world.wake(create("other-create", stack=OTHER_STACK))
    world.wake(delete("other-delete", stack=OTHER_STACK))
    world.settle()

    _, refusal, removal = world.answers
    assert "belongs to the stack" in refusal.reason
    assert removal.reason == ""
    assert world.endpoint == before


def test_no_secret_reaches_the_log() -> None:
    world = World()

    world.run(create(ModelEnvironment='{"TOKEN": "hush"}'), delete())

    assert "hush" not in world.log()
    assert "secret" not in world.log()
    assert "responded to Create" in world.log()


def test_a_failed_stack_without_a_record_does_not_own_the_next_stacks_endpoint() -> None:
    world = World()
    world.run(create(stack=OTHER_STACK, InstanceCount="none"))  # and no Delete comes

    world.run(create("create-2"), update(ModelDataUrl="s3://models/2.tar.gz"))

    assert [bool(answer.reason) for answer in world.answers] == [True, False, False]

"""An endpoint's whole life under CloudFormation, the built function and an emulator, all real.

Whatever a stack goes through, nothing is left once it is deleted.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.endpoint import foreign_endpoint
from tests.e2e.endpoint.endpoint_stacks import (
    BROKEN_IMAGE,
    CONTAINERS,
    ENDPOINT,
    IMAGE,
    EndpointStacks,
)
from tests.support.emulator.quick_emulator import quick_sagemaker
from tests.support.stack import RunningStack

NOTHING: dict[str, list[str]] = dict.fromkeys(
    ("endpoints", "configs", "models", "targets", "policies", "alarms"), []
)
STACK = ENDPOINT


@pytest.fixture(scope="module")
def stacks(
    stack: RunningStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EndpointStacks]:
    directory: Path = tmp_path_factory.mktemp("sagemaker")
    with quick_sagemaker(stack, directory, containers=CONTAINERS, events_per_change=1) as sagemaker:
        stacks = EndpointStacks(stack, sagemaker)
        yield stacks
        stacks.close()


@pytest.fixture
def nothing(stacks: EndpointStacks) -> Iterator[EndpointStacks]:
    """No stack yet."""
    stacks.listen(on=True)
    yield stacks
    stacks.delete(STACK)
    assert stacks.left() == NOTHING


def test_a_stack_is_created_deleted_and_created_again_under_its_name(
    nothing: EndpointStacks,
) -> None:
    first = nothing.create(STACK)
    nothing.delete(STACK)
    assert nothing.left() == NOTHING

    second = nothing.create(STACK)

    assert [each["StackStatus"] for each in (first, second)] == ["CREATE_COMPLETE"] * 2


def test_without_any_event_the_sweep_completes_the_create(nothing: EndpointStacks) -> None:
    nothing.listen(on=False)

    created = nothing.create(STACK, sweeping=True)
    nothing.listen(on=True)

    assert created["StackStatus"] == "CREATE_COMPLETE"


def test_a_create_that_is_cancelled_in_the_middle_leaves_nothing(nothing: EndpointStacks) -> None:
    nothing.listen(on=False)
    nothing.start("create_stack", STACK)
    nothing.await_(lambda: nothing.left()["endpoints"], "the endpoint is created")

    nothing.listen(on=True)
    nothing.delete(STACK)

    assert nothing.left() == NOTHING


def test_a_create_that_fails_says_why_and_leaves_nothing(nothing: EndpointStacks) -> None:
    failed = nothing.create(STACK, ImageUri=BROKEN_IMAGE)

    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "endpoint life could not be created (Failed)" in nothing.reasons(STACK)
    assert nothing.left() == NOTHING


def test_properties_that_are_wrong_are_all_reported_at_once(nothing: EndpointStacks) -> None:
    failed = nothing.create(STACK, InstanceCount="none", InstanceType="big")

    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "InstanceType must be" in nothing.reasons(STACK)
    assert "InstanceCount must be" in nothing.reasons(STACK)


def test_deleting_a_stack_removes_all_of_its_scaling(
    nothing: EndpointStacks,
) -> None:
    created = nothing.create(STACK, MinInstanceCount="0", MaxInstanceCount="2")

    assert created["StackStatus"] == "CREATE_COMPLETE", nothing.reasons(STACK)
    left = nothing.left()
    assert len(left["targets"]) == 1
    assert set(left["policies"]) == {"backlog-per-instance", "wake-from-zero"}
    assert f"{STACK}-wake-{ENDPOINT}" in left["alarms"]
    scaling = nothing.call(action="describe")["scaling"]
    assert (scaling["minimum"], scaling["maximum"], scaling["sure"]) == (0, 2, True)
    # Every test that uses `nothing` removes them.


# --- an existing endpoint -------------------------------------------------------------------------


@pytest.fixture
def by_hand(stacks: EndpointStacks) -> Iterator[EndpointStacks]:
    """No stack yet; whatever is there in the end goes."""
    yield stacks
    stacks.delete(STACK)
    foreign_endpoint.remove_everything(stacks)
    assert stacks.left() == NOTHING


def test_an_endpoint_that_fits_is_served_and_outlives_the_stack(by_hand: EndpointStacks) -> None:
    foreign_endpoint.make_endpoint(by_hand)
    before = by_hand.left()

    created = by_hand.create(STACK, EndpointMode="existing", VariantName=foreign_endpoint.VARIANT)

    assert created["StackStatus"] == "CREATE_COMPLETE", by_hand.reasons(STACK)
    assert by_hand.call(action="describe")["existing"]["problems"] == []
    by_hand.delete(STACK)
    assert by_hand.left() == before
    assert by_hand.config() == foreign_endpoint.CONFIG


def test_an_endpoint_that_does_not_fit_is_refused_with_what_to_change_and_left_alone(
    by_hand: EndpointStacks,
) -> None:
    foreign_endpoint.make_endpoint(by_hand, publishing=False)
    before = by_hand.left()

    failed = by_hand.create(STACK, EndpointMode="existing")

    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = by_hand.reasons(STACK)
    for kind in ("Success", "Error"):
        topic = by_hand.properties[f"{kind}TopicArn"]
        assert f"NotificationConfig.{kind}Topic must be {topic}, and is not set" in reasons
    assert by_hand.left() == before


def test_an_endpoint_that_is_not_there_is_not_made(by_hand: EndpointStacks) -> None:
    failed = by_hand.create(STACK, EndpointMode="existing", MaxInstanceCount="0")

    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "there is no endpoint life in this account" in by_hand.reasons(STACK)
    assert by_hand.left() == NOTHING


def test_an_endpoint_that_is_handed_over_keeps_its_scaling(
    by_hand: EndpointStacks,
) -> None:
    by_hand.create(STACK, MinInstanceCount="1", MaxInstanceCount="2")
    before = by_hand.left()

    refused = by_hand.update(STACK, EndpointMode="existing", MaxInstanceCount="2")
    assert refused["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    refusal = "MaxInstanceCount is 2, but the relay does not scale an existing endpoint"
    assert refusal in by_hand.reasons(STACK)

    updated = by_hand.update(STACK, EndpointMode="existing")
    assert updated["StackStatus"] == "UPDATE_COMPLETE", by_hand.reasons(STACK)
    by_hand.delete(STACK)

    assert by_hand.left() == before


# --- in service ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def serving(stacks: EndpointStacks) -> Iterator[EndpointStacks]:
    """One stack for several tests. It is deleted in the middle of a roll-out."""
    assert stacks.create(STACK)["StackStatus"] == "CREATE_COMPLETE"
    yield stacks
    stacks.call(action="deploy", environment={"GREETING": "last"})
    stacks.call(action="deploy", environment={"GREETING": "never"})
    stacks.delete(STACK)
    assert stacks.left() == NOTHING


def test_an_update_that_fails_says_why_and_is_rolled_back(serving: EndpointStacks) -> None:
    good = serving.config()

    failed = serving.update(STACK, ImageUri=BROKEN_IMAGE)

    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", serving.reasons(STACK)
    assert "endpoint life could not be updated" in serving.reasons(STACK)
    assert serving.config() == good
    assert serving.left()["configs"] == [good]


def test_roll_outs_wait_their_turn_and_the_newest_wins(serving: EndpointStacks) -> None:
    answers = [
        serving.call(
            action="deploy",
            environment={"GREETING": greeting},
            asked_by=greeting,
            deployment={"strategy": "Canary", "step_percent": 50, "wait_seconds": 30},
        )
        for greeting in ("one", "two", "three")
    ]
    described = serving.settled()

    assert [answer["status"] for answer in answers] == ["accepted", "waiting", "waiting"]
    history = [described["last_roll_out"], *described["earlier_roll_outs"]]
    assert [(each["asked_by"], each["outcome"]) for each in history[:3]] == [
        ("three", "succeeded"),
        ("one", "succeeded"),
        ("two", "overtaken"),
    ]
    assert len(serving.left()["configs"]) == 2, "the last two are kept"


def test_a_roll_out_that_fails_leaves_the_good_generation(serving: EndpointStacks) -> None:
    serving.call(action="deploy", image_uri=BROKEN_IMAGE)
    described = serving.settled()

    assert described["last_roll_out"]["outcome"] == "failed"
    assert "rolled it back" in described["last_roll_out"]["reason"]
    assert described["serving"]["image"] == IMAGE
    assert described["endpoint"]["status"] == "InService"


def test_a_stack_update_during_a_roll_out_builds_on_it(serving: EndpointStacks) -> None:
    serving.call(action="deploy", image_uri="example/scripted:2")

    updated = serving.update(STACK, InstanceCount="3")

    assert updated["StackStatus"] == "UPDATE_COMPLETE", serving.reasons(STACK)
    described = serving.settled()
    assert described["serving"]["image"] == "example/scripted:2"
    assert described["endpoint"]["instances"]["desired"] == 3


@pytest.mark.parametrize("strategy", ["Linear", "Rolling"])
def test_an_update_is_rolling_where_the_stack_asks_for_it(
    serving: EndpointStacks, strategy: str
) -> None:
    serving.call(
        action="deploy",
        environment={"GREETING": strategy},
        asked_by=strategy,
        deployment={"strategy": strategy, "step_percent": 50, "wait_seconds": 10},
    )
    described = serving.settled()

    last = described["last_roll_out"]
    assert (last["asked_by"], last["outcome"]) == (strategy, "succeeded")
    policies = serving.sagemaker.describe_endpoint(EndpointName="life")["LastDeploymentConfig"]
    if strategy == "Rolling":
        assert policies["RollingUpdatePolicy"]["MaximumBatchSize"]["Value"] == 50
    else:
        routing = policies["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
        assert (routing["Type"], routing["LinearStepSize"]["Value"]) == ("LINEAR", 50)


def test_what_sagemaker_cannot_roll_back_the_relay_does(serving: EndpointStacks) -> None:
    good = serving.config()
    serving.fault(fail_next_rollback=True)

    serving.call(action="deploy", image_uri=BROKEN_IMAGE, asked_by="careless")
    described = serving.settled()

    history = [described["last_roll_out"], *described["earlier_roll_outs"]]
    assert [(each["kind"], each["outcome"]) for each in history[:2]] == [
        ("repair", "succeeded"),
        ("deploy", "failed"),
    ]
    assert described["endpoint"]["status"] == "InService"
    assert serving.config() == good

"""Taking on an endpoint that exists already."""

from dataclasses import replace

import pytest
from relay.errors import AccessDenied
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.existing import Setup

from tests.support.provisioning.existing import (
    ERROR,
    EXISTING,
    FITTING,
    SUCCESS,
    THEIRS,
    existing_endpoint,
    reason,
    untouched,
)
from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/"


@pytest.fixture
def world() -> World:
    return existing_endpoint()


def test_an_endpoint_that_fits_is_served_and_not_touched(world: World) -> None:
    world.run(create(**EXISTING))

    (answer,) = world.answers
    assert answer.reason == ""
    assert answer.physical_resource_id == ENDPOINT
    assert answer.data["EndpointConfigName"] == THEIRS
    assert untouched(world)


def test_properties_for_a_new_endpoint_are_ignored(world: World) -> None:
    nothing = dict.fromkeys(("ModelDataUrl", "Framework", "InstanceType", "ExecutionRoleArn"), "")

    world.run(create(**EXISTING, **nothing))

    assert reason(world) == ""


def test_an_endpoint_that_is_not_asynchronous_is_refused_with_what_it_needs(world: World) -> None:
    world.sagemaker.setups[THEIRS] = Setup(THEIRS)

    world.run(create(**EXISTING))

    refusal = reason(world)
    assert "AsyncInferenceConfig is missing" in refusal
    for value in ("s3://relay-data/outputs", "s3://relay-data/failures", SUCCESS, ERROR):
        assert value in refusal
    assert untouched(world)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"output_path": ""}, "S3OutputPath must be s3://relay-data/outputs or a folder in it, "),
        ({"output_path": "s3://relay-data/outputs-2"}, "and is s3://relay-data/outputs-2"),
        ({"failure_path": "s3://theirs/failures"}, "S3FailurePath must be s3://relay-data/fail"),
        ({"success_topic_arn": ""}, f"NotificationConfig.SuccessTopic must be {SUCCESS}, and is n"),
        ({"error_topic_arn": SUCCESS}, f"NotificationConfig.ErrorTopic must be {ERROR}, and is "),
    ],
)
def test_what_does_not_fit_is_refused_with_the_value_to_set(
    world: World, change: dict[str, str], problem: str
) -> None:
    world.sagemaker.setups[THEIRS] = replace(FITTING, **change)  # type: ignore[arg-type]

    world.run(create(**EXISTING))

    assert problem in reason(world)
    assert THEIRS in reason(world)


def test_everything_that_does_not_fit_is_reported_at_once(world: World) -> None:
    world.sagemaker.setups[THEIRS] = Setup(THEIRS, asynchronous=True)

    world.run(create(**EXISTING))

    for member in ("S3OutputPath", "S3FailurePath", "SuccessTopic", "ErrorTopic"):
        assert member in reason(world)


@pytest.mark.parametrize("name", ["SuccessTopicArn", "ErrorTopicArn"])
@pytest.mark.parametrize(
    ("value", "problem"), [("", "is missing"), ("a topic", "must be the ARN of a topic")]
)
def test_both_topics_must_be_given(world: World, name: str, value: str, problem: str) -> None:
    world.run(create(**EXISTING, **{name: value}))

    assert f"{name} {problem}" in reason(world)
    assert untouched(world)


def test_a_missing_endpoint_is_refused_with_that_reason() -> None:
    world = World()

    world.run(create(**EXISTING))

    assert f"there is no endpoint {ENDPOINT}" in reason(world)
    assert untouched(world)


def test_an_endpoint_that_is_being_updated_is_waited_for(world: World) -> None:
    world.sagemaker.exists(THEIRS, EndpointStatus.UPDATING)

    world.wake(create(**EXISTING))
    waiting = not world.answers
    world.sagemaker.exists(THEIRS)
    world.sweep()

    assert waiting
    assert reason(world) == ""


def test_a_failed_endpoint_is_not_served(world: World) -> None:
    world.sagemaker.exists(THEIRS, EndpointStatus.FAILED)

    world.run(create(**EXISTING))

    assert "not in service (Failed" in reason(world)
    assert untouched(world)


def test_additions_are_for_endpoints_that_the_relay_makes(world: World) -> None:
    world.run(create(**EXISTING, EndpointSpecification='{"Tags": []}'))

    assert "leave it empty where EndpointMode is existing" in reason(world)


def test_an_endpoint_may_have_any_name_that_sagemaker_takes() -> None:
    name = "Fraud--Scores-" + "7" * 49
    world = World(endpoint_name=name)
    world.sagemaker.exists(THEIRS, name=name)
    world.sagemaker.setups[THEIRS] = FITTING

    world.run(create(**EXISTING, EndpointName=name, ExistingEndpointArn=ARN + name.lower()))

    assert reason(world) == ""


@pytest.mark.parametrize(
    ("name", "arn", "problem"),
    [
        ("Fraud", "", "but the endpoint's ARN has fraud: set ExistingEndpointArn"),
        ("Fraud", ARN + "Fraud", "the ARN of endpoint Fraud ends with endpoint/fraud"),
        ("fraud", ARN + "scores", "the ARN of endpoint fraud ends with endpoint/fraud"),
        ("fraud_1", "", "EndpointName must be letters, digits and inner hyphens, at most 63"),
        ("f" * 64, "", "EndpointName must be letters, digits and inner hyphens, at most 63"),
        ("", "", "EndpointName is missing"),
    ],
)
def test_a_name_that_iam_would_not_find_is_refused(name: str, arn: str, problem: str) -> None:
    world = World()

    world.run(create(**EXISTING, EndpointName=name, ExistingEndpointArn=arn))

    assert problem in reason(world)
    assert not world.sagemaker.calls


def test_its_variant_may_have_another_name(world: World) -> None:
    world.sagemaker.setups[THEIRS] = replace(FITTING, variants=("primary", "canary"))

    world.run(create(**EXISTING, VariantName="canary"))

    assert reason(world) == ""


def test_alarms_on_a_missing_variant_are_refused_with_the_variants_that_exist(world: World) -> None:
    world.sagemaker.setups[THEIRS] = replace(FITTING, variants=("primary", "canary"))

    world.run(create(**EXISTING))

    assert "VariantName is AllTraffic, but the endpoint has the variants primary, canary" in (
        reason(world)
    )
    assert "Create a configuration" not in reason(world)


def test_the_relays_own_variant_keeps_its_name() -> None:
    world = World()

    world.run(create(VariantName="primary"))

    assert "the variant of an endpoint that the relay creates is always AllTraffic" in reason(world)


@pytest.mark.parametrize("name", ["MinInstanceCount", "MaxInstanceCount"])
def test_the_relay_does_not_scale_it(world: World, name: str) -> None:
    world.run(create(**EXISTING, **{name: "2"}))

    assert f"{name} is 2, but the relay does not scale an existing endpoint" in reason(world)
    assert not world.autoscaler.calls
    assert untouched(world)


def test_counts_that_say_nothing_are_no_scaling(world: World) -> None:
    world.run(create(**EXISTING, MinInstanceCount="0", MaxInstanceCount="0"))

    assert reason(world) == ""


def test_a_missing_permission_is_named(world: World) -> None:
    world.sagemaker.errors["describe_config"] = AccessDenied("not authorized: Describe…")

    with pytest.raises(AccessDenied):
        world.wake(create(**EXISTING))
    world.clock.pass_minutes(4)
    world.sweep()

    assert "not authorized" in reason(world)

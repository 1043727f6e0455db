"""Application Auto Scaling's API and what it does by itself, through boto3."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator.stack import SCRIPTED, Clients, Stack, eventually

VARIANT = "AllTraffic"
# A minute of alarms and cooldowns in a fifth of a second.
TIME_FACTOR = 1 / 300


@pytest.fixture(scope="module")
def served(clients: Clients, artifact: Path) -> Iterator[Stack]:
    """One endpoint in service for all of these tests."""
    stack = Stack(clients, artifact)
    stack.pace(TIME_FACTOR)
    stack.create_endpoint(SCRIPTED)
    yield stack
    stack.close()


@pytest.fixture
def scaled(served: Stack) -> Iterator[Stack]:
    """The endpoint, settled; deregistered in the end."""
    served.await_status("InService")
    yield served
    if _targets(served):
        served.autoscaling.deregister_scalable_target(**_target(served))


def test_a_target_is_registered_described_changed_and_deregistered(scaled: Stack) -> None:
    register = scaled.autoscaling.register_scalable_target

    first = register(**_target(scaled), MinCapacity=1, MaxCapacity=2)
    again = register(**_target(scaled), MaxCapacity=3)
    (described,) = _targets(scaled)
    scaled.autoscaling.deregister_scalable_target(**_target(scaled))

    assert (
        first["ScalableTargetARN"] == again["ScalableTargetARN"] == described["ScalableTargetARN"]
    )
    assert (described["MinCapacity"], described["MaxCapacity"]) == (1, 3)
    assert described["RoleARN"].endswith(
        "/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    )
    assert _targets(scaled) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"MinCapacity": 2, "MaxCapacity": 1}, "cannot be less than minimum"),
        ({"MinCapacity": 1}, "required for a new target"),
        ({"ResourceId": "endpoint/none/variant/AllTraffic"}, "doesn't exist"),
        (
            {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"},
            "Unsupported",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused(scaled: Stack, changes: Any, words: str) -> None:
    request = {**_target(scaled), "MinCapacity": 1, "MaxCapacity": 1, **changes}
    if "MaxCapacity" not in changes and "MinCapacity" in changes:
        del request["MaxCapacity"]

    code, message = refusal(scaled.autoscaling.register_scalable_target, **request)

    assert code == "ValidationException"
    assert words in message


NIGHT = {"MinCapacity": 0, "MaxCapacity": 0}


def _action(scaled: Stack, name: str, **members: Any) -> None:
    scaled.autoscaling.put_scheduled_action(
        **_target(scaled), ScheduledActionName=name, ScalableTargetAction=NIGHT, **members
    )


def _actions(scaled: Stack) -> dict[str, Any]:
    found = scaled.autoscaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
    return {each["ScheduledActionName"]: each for each in found["ScheduledActions"]}


def test_a_scheduled_action_is_put_described_changed_and_deleted(scaled: Stack) -> None:
    scaled.autoscaling.register_scalable_target(**_target(scaled), MinCapacity=1, MaxCapacity=2)
    _action(scaled, "night", Schedule="cron(0 20 ? * * *)", Timezone="Europe/Berlin")
    _action(scaled, "other", Schedule="rate(1 day)")

    scaled.autoscaling.put_scheduled_action(
        **_target(scaled), ScheduledActionName="night", Schedule="cron(0 21 ? * * *)"
    )
    scaled.autoscaling.delete_scheduled_action(**_target(scaled), ScheduledActionName="other")

    (night,) = _actions(scaled).values()
    assert (night["Schedule"], night["Timezone"]) == ("cron(0 21 ? * * *)", "Europe/Berlin")
    assert night["ScalableTargetAction"] == NIGHT
    assert night["ScheduledActionARN"].endswith(":scheduledActionName/night")


def test_a_deregistered_target_has_no_scheduled_actions(scaled: Stack) -> None:
    scaled.autoscaling.register_scalable_target(**_target(scaled), MinCapacity=1, MaxCapacity=2)
    _action(scaled, "night", Schedule="rate(1 day)")

    scaled.autoscaling.deregister_scalable_target(**_target(scaled))

    assert _actions(scaled) == {}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Schedule": "cron(0 20 * * *)"}, "Invalid schedule expression"),
        ({"Schedule": "rate(1 day)", "ScalableTargetAction": {}}, "needs a schedule and an action"),
        ({}, "needs a schedule and an action"),
    ],
)
def test_a_scheduled_action_that_cannot_run_is_refused(
    scaled: Stack, members: dict[str, Any], words: str
) -> None:
    scaled.autoscaling.register_scalable_target(**_target(scaled), MinCapacity=1, MaxCapacity=2)
    request = {"ScalableTargetAction": NIGHT, "ScheduledActionName": "night", **members}

    code, message = refusal(scaled.autoscaling.put_scheduled_action, **_target(scaled), **request)

    assert code == "ValidationException"
    assert words in message


def test_a_scheduled_action_sets_the_bounds_and_the_endpoint_follows(scaled: Stack) -> None:
    scaled.autoscaling.register_scalable_target(**_target(scaled), MinCapacity=1, MaxCapacity=2)
    soon = datetime.now(UTC) + timedelta(seconds=2)

    _action(scaled, "night", Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})")
    _await_instances(scaled, 0)
    (target,) = _targets(scaled)
    scaled.autoscaling.register_scalable_target(**_target(scaled), MinCapacity=1, MaxCapacity=2)

    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 0)
    _await_instances(scaled, 1)


def test_what_is_not_registered_is_not_found(scaled: Stack) -> None:
    for function, members in (
        (scaled.autoscaling.deregister_scalable_target, {}),
        (scaled.autoscaling.delete_scaling_policy, {"PolicyName": "none"}),
        (scaled.autoscaling.delete_scheduled_action, {"ScheduledActionName": "none"}),
        (scaled.autoscaling.put_scaling_policy, _tracking(scaled)),
    ):
        code, message = refusal(function, **{**_target(scaled), **members})

        assert code == "ObjectNotFoundException"
        assert f"resource ID: endpoint/{scaled.name}/variant/{VARIANT}" in message


def test_deregistering_takes_the_policies_and_their_alarms_away(scaled: Stack) -> None:
    _register(scaled, 0, 2)
    put = scaled.autoscaling.put_scaling_policy(**_target(scaled), **_tracking(scaled))
    wake = scaled.autoscaling.put_scaling_policy(**_target(scaled), **_wake())
    known = scaled.autoscaling.describe_scaling_policies(**_namespace())["ScalingPolicies"]
    alarms = _alarms(scaled, put["Alarms"])

    scaled.autoscaling.deregister_scalable_target(**_target(scaled))

    assert {put["PolicyARN"], wake["PolicyARN"]} <= {policy["PolicyARN"] for policy in known}
    assert [alarm["AlarmActions"] for alarm in alarms] == [[put["PolicyARN"]]] * 2
    left = scaled.autoscaling.describe_scaling_policies(**_namespace())["ScalingPolicies"]
    assert not {put["PolicyARN"], wake["PolicyARN"]} & {policy["PolicyARN"] for policy in left}
    assert _alarms(scaled, put["Alarms"]) == []


def test_a_policy_that_is_put_again_keeps_its_arn_and_its_alarms(scaled: Stack) -> None:
    _register(scaled, 0, 2)
    first = scaled.autoscaling.put_scaling_policy(**_target(scaled), **_tracking(scaled, 5))
    second = scaled.autoscaling.put_scaling_policy(**_target(scaled), **_tracking(scaled, 7))

    assert first == {**second, "ResponseMetadata": first["ResponseMetadata"]}
    high = _alarms(scaled, second["Alarms"])[0]
    assert high["Threshold"] == 7


def test_capacity_is_brought_within_the_bounds(scaled: Stack) -> None:
    scaled.receive(scaled.successes)

    _register(scaled, 2, 3)

    _await_instances(scaled, 2)
    activity = _activities(scaled)[0]
    assert activity["Cause"] == "minimum capacity was set to 2"
    assert activity["StatusCode"] == "Successful"
    assert "TestNotification" in "".join(scaled.receive(scaled.successes))

    _register(scaled, 1, 1)

    _await_instances(scaled, 1)


def test_an_idle_endpoint_scales_to_zero_and_out_again_for_a_request(scaled: Stack) -> None:
    _register(scaled, 0, 2)
    scaled.autoscaling.put_scaling_policy(**_target(scaled), **_tracking(scaled))
    wake = scaled.autoscaling.put_scaling_policy(**_target(scaled), **_wake())
    _alarm_that_wakes(scaled, wake["PolicyARN"])
    _await_instances(scaled, 0)

    scaled.invoke(Body=b"{}")

    _await_instances(scaled, 1)
    assert len(scaled.notifications(scaled.successes)) == 1
    _await_instances(scaled, 0)
    causes = [activity["Cause"] for activity in _activities(scaled)[:3]]
    assert ["wake" in cause for cause in causes] == [False, True, False]


def test_a_variant_must_be_deregistered_before_its_instance_type_changes(scaled: Stack) -> None:
    _register(scaled, 0, 2)
    other = scaled.create_config(f"other-{scaled.suffix}", instance_type="ml.c5.large")
    update = {"EndpointName": scaled.name, "EndpointConfigName": other}

    code, message = refusal(scaled.sagemaker.update_endpoint, **update)
    scaled.autoscaling.deregister_scalable_target(**_target(scaled))
    scaled.sagemaker.update_endpoint(**update)

    assert code == "ValidationException"
    assert 'The variant(s) ["AllTraffic"] must be deregistered' in message
    scaled.await_status("InService")


def test_the_metrics_reach_cloudwatch(scaled: Stack) -> None:
    scaled.invoke(Body=b"{}")

    def published() -> dict[str, set[str]]:
        names: dict[str, set[str]] = {}
        pages = scaled.cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/SageMaker")
        for metric in (metric for page in pages for metric in page["Metrics"]):
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            if dimensions["EndpointName"] == scaled.name:
                names.setdefault(metric["MetricName"], set()).update(dimensions)
        return names if "InvocationsProcessed" in names else {}

    found = eventually(published, "the metrics")

    assert found["ApproximateBacklogSizePerInstance"] == {"EndpointName"}
    assert found["HasBacklogWithoutCapacity"] == {"EndpointName"}
    assert found["ModelLatency"] == {"EndpointName", "VariantName"}
    assert found["TimeInBacklog"] == {"EndpointName", "VariantName"}
    assert "Invocations" not in found


def refusal(function: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        function(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def _namespace() -> dict[str, Any]:
    return {"ServiceNamespace": "sagemaker"}


def _target(stack: Stack, *, many: bool = False) -> dict[str, Any]:
    resource = f"endpoint/{stack.name}/variant/{VARIANT}"
    return {
        **_namespace(),
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        **({"ResourceIds": [resource]} if many else {"ResourceId": resource}),
    }


def _targets(stack: Stack) -> Any:
    return stack.autoscaling.describe_scalable_targets(**_target(stack, many=True))[
        "ScalableTargets"
    ]


def _register(stack: Stack, minimum: int, maximum: int) -> None:
    stack.autoscaling.register_scalable_target(
        **_target(stack), MinCapacity=minimum, MaxCapacity=maximum
    )


def _activities(stack: Stack) -> Any:
    return stack.autoscaling.describe_scaling_activities(**_target(stack))["ScalingActivities"]


def _tracking(stack: Stack, target: float = 5) -> dict[str, Any]:
    return {
        "PolicyName": "backlog",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target,
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Dimensions": [{"Name": "EndpointName", "Value": stack.name}],
                "Statistic": "Average",
            },
            "ScaleInCooldown": 60,
            "ScaleOutCooldown": 60,
        },
    }


def _wake() -> dict[str, Any]:
    return {
        "PolicyName": "wake",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 600,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }


def _alarm_that_wakes(stack: Stack, policy_arn: str) -> None:
    stack.cloudwatch.put_metric_alarm(
        AlarmName=f"wake-{stack.suffix}",
        Namespace="AWS/SageMaker",
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=[{"Name": "EndpointName", "Value": stack.name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[policy_arn],
    )


def _alarms(stack: Stack, alarms: list[dict[str, str]]) -> Any:
    names = [alarm["AlarmName"] for alarm in alarms]
    assert len(names) == 2
    return stack.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]


def _await_instances(stack: Stack, number: int) -> None:
    def scaled() -> bool:
        variant = stack.describe()["ProductionVariants"][0]
        counts = (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"])
        return counts == (number, number) and stack.status() == "InService"

    eventually(scaled, f"{number} instances")

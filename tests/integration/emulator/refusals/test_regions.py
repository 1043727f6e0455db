"""An emulator serves one region, and calls for another do not reach what is there."""

from typing import Any

import boto3
import pytest
from async_endpoint_emulator.testing import running_sandbox
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.emulator.conftest import REPOSITORY
from tests.support.emulator.stack import SCRIPTED, Stack

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("list_endpoints", {}),
    "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "sagemaker"}),
    "sagemaker-runtime": ("invoke_endpoint_async", {"Body": b"{}"}),
}


@pytest.mark.parametrize("service", CALLS)
def test_an_endpoint_is_not_seen_from_another_region(stack: Stack, service: str) -> None:
    stack.create_endpoint(SCRIPTED)
    invoked = stack.state()["invocations"]
    session = boto3.Session("test", "test", region_name="eu-west-1")
    config = Config(retries={"total_max_attempts": 1})
    client: Any = session.client(service, endpoint_url=stack.emulator_url, config=config)  # type: ignore[call-overload]
    operation, members = CALLS[service]
    if service == "sagemaker-runtime":
        members = {**members, "EndpointName": stack.name}

    with pytest.raises(ClientError) as refusal:
        getattr(client, operation)(**members)
    client.close()

    error = refusal.value.response["Error"]
    assert error["Code"] == "InvalidSignatureException"
    assert "serves us-east-1" in error["Message"]
    assert stack.state()["invocations"] == invoked


def test_arns_are_in_the_partition_of_the_region() -> None:
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/scripted/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Backlog", "Statistic": "Average"}
    with running_sandbox(region="cn-north-1") as sandbox:
        server = "python -m tests.integration.emulator.scripted_container"
        sandbox.deploy("scripted", server, directory=REPOSITORY)
        scaling = sandbox.client("application-autoscaling")
        target = scaling.register_scalable_target(**variant, MinCapacity=1, MaxCapacity=2)
        policy = scaling.put_scaling_policy(
            **variant,
            PolicyName="backlog",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 1,
                "CustomizedMetricSpecification": metric,
            },
        )
        [registered] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ]
        alarms = sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
        endpoint = sandbox.client("sagemaker").describe_endpoint(EndpointName="scripted")

    arns = [endpoint["EndpointArn"], target["ScalableTargetARN"], policy["PolicyARN"]]
    assert [arn.split(":")[:4] for arn in [*arns, registered["RoleARN"]]] == [
        ["arn", "aws-cn", "sagemaker", "cn-north-1"],
        ["arn", "aws-cn", "application-autoscaling", "cn-north-1"],
        ["arn", "aws-cn", "autoscaling", "cn-north-1"],
        ["arn", "aws-cn", "iam", ""],
    ]
    assert {each["AlarmARN"] for each in policy["Alarms"]} == {each["AlarmArn"] for each in alarms}

"""An endpoint that sleeps, wakes for uploads and sleeps again, and what scaling leaves behind."""

import json
import urllib.request
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.clients import Clients
from local.model.data import held_out_rows
from local.settings import STACK_NAME
from tests.e2e.pipeline import Downstream, eventually
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_s3 import S3Client

# A minute of alarms and cooldowns takes this part of one here.
_FAST, _USUAL = 0.01, 0.05
_OPERATORS = "arn:aws:sns:us-east-1:000000000000:operators"
_OFF = {"MinInstanceCount": "0", "MaxInstanceCount": "0", "AlarmTopicArn": ""}
_UPLOADS = 6


class Scaled:
    """The stack, whose parameters change as a person would change them."""

    def __init__(self, stack: RunningStack, s3: "S3Client") -> None:
        self._stack = stack
        self._s3 = s3
        self._cloudformation = Clients(stack.settings).cloudformation
        with stack.variables():
            self.autoscaling = boto3.Session().client("application-autoscaling")
            self.cloudwatch = boto3.Session().client("cloudwatch")

    def update(self, **parameters: str) -> None:
        """Updates the stack and waits for the end."""
        (stack,) = self._cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        others = {each["ParameterKey"] for each in stack["Parameters"]} - parameters.keys()
        given: list[ParameterTypeDef] = [
            {"ParameterKey": name, "UsePreviousValue": True} for name in others
        ]
        for name, value in parameters.items():
            given.append({"ParameterKey": name, "ParameterValue": value})
        self._cloudformation.update_stack(
            StackName=STACK_NAME,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=given,
        )
        status = eventually(self._settled, 60, "the end of the update")
        assert status == "UPDATE_COMPLETE"

    def pace(self, time_factor: float) -> None:
        self._emulator("pace", {"time_factor": time_factor})

    def instances(self) -> int:
        count: int = self._endpoint["instances"]
        return count

    def await_instances(self, number: int) -> None:
        def reached() -> bool:
            return self._endpoint["status"] == "InService" and self.instances() == number

        eventually(reached, 45, f"{number} instances")

    def policies(self) -> set[str]:
        found = self.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        return {policy["PolicyName"] for policy in found["ScalingPolicies"]}

    def targets(self) -> list[tuple[int, int]]:
        found = self.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        return [(each["MinCapacity"], each["MaxCapacity"]) for each in found["ScalableTargets"]]

    def alarms(self) -> set[str]:
        """Those of scaling, by the beginnings or ends of their names."""
        names = [
            alarm["AlarmName"]
            for page in self.cloudwatch.get_paginator("describe_alarms").paginate()
            for alarm in page["MetricAlarms"]
        ]
        tracking = {name.split("-")[0] for name in names if name.startswith("TargetTracking")}
        return tracking | {name for name in names if name.endswith("-wake-from-zero")}

    def upload(self) -> list[str]:
        """Uploads some rows, and answers where they are."""
        bucket = self._stack.outputs["DataBucketName"]
        keys = [f"inputs/scaling/{uuid.uuid4().hex}.csv" for _ in range(_UPLOADS)]
        for key, row in zip(keys, held_out_rows(), strict=False):
            self._s3.put_object(Bucket=bucket, Key=key, Body=row.to_csv().encode())
        return [f"s3://{bucket}/{key}" for key in keys]

    @property
    def _endpoint(self) -> Any:
        return self._emulator("state")["endpoints"][self._stack.outputs["EndpointName"]]

    def _settled(self) -> str | None:
        (stack,) = self._cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        status = stack["StackStatus"]
        return None if status.endswith("_IN_PROGRESS") else status

    def _emulator(self, path: str, document: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - http, on this machine
            f"{self._stack.settings.sagemaker_url}/_emulator/{path}",
            data=None if document is None else json.dumps(document).encode(),
            method="GET" if document is None else "PUT",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read())


@pytest.fixture
def scaled(stack: RunningStack, s3: "S3Client") -> Iterator[Scaled]:
    """Asleep; in the end as it was before."""
    scaled = Scaled(stack, s3)
    scaled.pace(_FAST)
    scaled.update(
        MinInstanceCount="0",
        MaxInstanceCount="2",
        ScaleInCooldownSeconds="60",
        ScaleOutCooldownSeconds="300",
        DeploymentWaitSeconds="0",
        AlarmTopicArn=_OPERATORS,
    )
    try:
        scaled.await_instances(0)
        yield scaled
    finally:
        if scaled.targets():
            scaled.update(**_OFF)
        scaled.pace(_USUAL)


def test_an_endpoint_sleeps_wakes_for_uploads_and_leaves_nothing_when_it_scales_no_more(
    scaled: Scaled, downstream: Downstream
) -> None:
    assert scaled.targets() == [(0, 2)]
    assert scaled.policies() == {"backlog-per-instance", "wake-from-zero"}
    assert scaled.alarms() == {"TargetTracking", "relay-wake-from-zero"}

    uploaded = scaled.upload()

    _all_inferred(uploaded, downstream)
    scaled.await_instances(0)

    scaled.update(**_OFF)  # in its sleep

    assert scaled.targets() == []
    assert scaled.policies() == scaled.alarms() == set()
    scaled.await_instances(1)


def test_uploads_during_an_update_of_a_sleeping_endpoint_wake_it_afterwards(
    scaled: Scaled, downstream: Downstream
) -> None:
    uploaded = scaled.upload()
    scaled.update(MaxConcurrentInvocationsPerInstance="3")

    _all_inferred(uploaded, downstream)
    assert scaled.targets() == [(0, 2)]

    scaled.update(MaxConcurrentInvocationsPerInstance="4", MinInstanceCount="1")

    scaled.await_instances(1)
    assert scaled.policies() == {"backlog-per-instance"}
    assert scaled.alarms() == {"TargetTracking"}


def test_operators_are_told_where_they_gave_a_topic(scaled: Scaled) -> None:
    pages = scaled.cloudwatch.get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]

    telling = [alarm["AlarmName"] for alarm in alarms if _OPERATORS in alarm["AlarmActions"]]

    assert len(telling) == 13
    assert all(name.startswith(STACK_NAME) for name in telling)


def _all_inferred(uploaded: list[str], downstream: Downstream) -> None:
    outcomes = [
        downstream.result(subject, seconds=45).event["data"]["outcome"] for subject in uploaded
    ]
    assert outcomes == ["completed"] * _UPLOADS

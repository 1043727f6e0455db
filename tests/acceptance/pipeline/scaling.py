"""An endpoint that scales: its instances, and what scales it."""

import uuid
from typing import TYPE_CHECKING, Any

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.inputs import ROWS
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOADS = 6
ON = {
    "MinInstanceCount": "0",
    "MaxInstanceCount": "2",
    "ScaleInCooldownSeconds": "60",
    "ScaleOutCooldownSeconds": "300",
    "DeploymentWaitSeconds": "0",
}
OFF = {"MinInstanceCount": "0", "MaxInstanceCount": "0"}


class Scaled:
    """The stack, whose parameters change by stack updates."""

    def __init__(self, target: Target, s3: "S3Client") -> None:
        self._target = target
        self._s3 = s3
        self._sagemaker = target.client("sagemaker")
        self._autoscaling = target.client("application-autoscaling")
        self.cloudwatch = target.client("cloudwatch")

    def update(self, **parameters: str) -> None:
        ended = self._target.updated(**parameters)
        assert ended == ("UPDATE_COMPLETE", []), ended

    def instances(self) -> int:
        (variant,) = self._endpoint()["ProductionVariants"]
        count: int = variant["CurrentInstanceCount"]
        return count

    def await_instances(self, number: int) -> None:
        self._target.scaled(self._reached(number), f"{number} instances")

    def policies(self) -> set[str]:
        found = self._autoscaling.describe_scaling_policies(
            ServiceNamespace="sagemaker", ResourceId=self._variant
        )
        return {policy["PolicyName"] for policy in found["ScalingPolicies"]}

    def targets(self) -> list[tuple[int, int]]:
        found = self._autoscaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[self._variant]
        )
        return [(each["MinCapacity"], each["MaxCapacity"]) for each in found["ScalableTargets"]]

    def alarms(self) -> set[str]:
        """The kinds of those that scale the endpoint."""
        names = [
            alarm["AlarmName"]
            for page in self.cloudwatch.get_paginator("describe_alarms").paginate()
            for alarm in page["MetricAlarms"]
        ]
        tracking = f"TargetTracking-{self._variant}-"
        waking = f"{self._target.stack_name}-wake-{self._name}"
        return {"tracking" for name in names if name.startswith(tracking)} | {
            "waking" for name in names if name == waking
        }

    def upload(self) -> list[str]:
        """Uploads some rows, and answers where they are."""
        bucket = self._target.outputs["DataBucketName"]
        keys = [f"inputs/scaling/{uuid.uuid4().hex}.csv" for _ in range(UPLOADS)]
        for key, row in zip(keys, ROWS, strict=False):
            self._s3.put_object(Bucket=bucket, Key=key, Body=row.to_csv().encode())
        return [f"s3://{bucket}/{key}" for key in keys]

    def await_inferred(self, uploaded: list[str], downstream: Downstream) -> None:
        def arrived() -> list[str] | None:
            found = [downstream.so_far(subject) for subject in uploaded]
            if not all(found):
                return None
            return [messages[0].event["data"]["outcome"] for messages in found]

        outcomes = self._target.scaled(arrived, "results of an endpoint that was asleep")
        assert outcomes == ["completed"] * UPLOADS

    def _reached(self, number: int) -> Any:
        return lambda: (
            self._endpoint()["EndpointStatus"] == "InService" and self.instances() == number
        )

    def _endpoint(self) -> Any:
        return self._sagemaker.describe_endpoint(EndpointName=self._name)

    @property
    def _name(self) -> str:
        return self._target.outputs["EndpointName"]

    @property
    def _variant(self) -> str:
        return f"endpoint/{self._name}/variant/AllTraffic"

"""The endpoint of a stack gets another name, with the roles and the function of the template.

Whether the change succeeds or is rolled back, nothing is left of the other name.
"""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.targets.target import Target
from tests.e2e.further_stack import FurtherStack, remove_bucket

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

_SECONDS = 120.0
_NAME = "relay-renamed"
_SWEEP = json.dumps({"detail-type": "Scheduled Event"})
# Fails once the endpoint of the new name is in service.
_BROKEN = {
    "Type": "Custom::Broken",
    "DependsOn": "Endpoint",
    "Properties": {
        "ServiceToken": {
            "Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:absent"
        }
    },
}


class Renamed:
    """The stack, and what there is in SageMaker under a name of its endpoint."""

    def __init__(self, stack: FurtherStack, target: Target) -> None:
        self._stack = stack
        self._sagemaker = target.client("sagemaker")
        self._autoscaling = target.client("application-autoscaling")
        self._cloudwatch, self._lambda = target.client("cloudwatch"), target.client("lambda")

    def deploy(self, endpoint_name: str, **resources: object) -> str:
        """Creates or updates the stack, sweeping meanwhile, and returns its status then."""
        template = self._stack.template
        changed = {**template, "Resources": {**template["Resources"], **resources}}
        self._stack.start(
            changed,
            EndpointMode="create",
            EndpointName=endpoint_name,
            MinInstanceCount="0",
            MaxInstanceCount="2",
        )
        self.await_(lambda: self._stack.status().endswith(("COMPLETE", "FAILED")), "the update")
        return self._stack.status()

    def made(self, endpoint_name: str) -> list[str]:
        """Endpoints, configurations, models, scalable targets and alarms of this name."""
        sagemaker = self._sagemaker
        targets = self._autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        prefix = f"{_NAME}-wake-{endpoint_name}"
        alarms = self._cloudwatch.describe_alarms(AlarmNamePrefix=prefix)
        names = (
            *(each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]),
            *(
                each["EndpointConfigName"]
                for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]
            ),
            *(each["ModelName"] for each in sagemaker.list_models()["Models"]),
            *(each["ResourceId"] for each in targets["ScalableTargets"]),
            *(each["AlarmName"] for each in alarms["MetricAlarms"]),
        )
        return [name for name in names if endpoint_name in name]

    def await_(self, look: Any, what: str) -> None:
        """Sweep meanwhile, as the schedule does once a minute."""
        deadline = time.monotonic() + _SECONDS
        while not look():
            assert time.monotonic() < deadline, f"not within {_SECONDS:.0f} s: {what}"
            time.sleep(1)
            self._sweep()

    def _sweep(self) -> None:
        """There is no function at the end of the deletion."""
        with suppress(ClientError):
            self._lambda.invoke(FunctionName=self._stack.function("Provision"), Payload=_SWEEP)


@pytest.fixture(scope="module")
def renamed(
    target: Target, cloudformation: "CloudFormationClient", s3: "S3Client"
) -> Iterator[Renamed]:
    further = FurtherStack(_NAME, cloudformation, s3)
    renamed = Renamed(further, target)
    try:
        assert renamed.deploy("first-name") == "CREATE_COMPLETE", further.reasons()
        yield renamed
    finally:
        further.delete()
        remove_bucket(s3, f"{_NAME}-data-000000000000-us-east-1")
    assert renamed.made("first-name") + renamed.made("second-name") == []


def test_a_rename_that_is_rolled_back_because_of_another_resource_leaves_nothing_of_the_new_name(
    renamed: Renamed,
) -> None:
    before = renamed.made("first-name")
    assert len(before) == 5

    ended = renamed.deploy("second-name", Broken=_BROKEN)

    assert ended == "UPDATE_ROLLBACK_COMPLETE"
    renamed.await_(lambda: renamed.made("second-name") == [], "nothing of the new name")
    assert renamed.made("first-name") == before


def test_a_rename_that_succeeds_deletes_the_old_endpoint_without_any_further_parameter(
    renamed: Renamed,
) -> None:
    assert renamed.deploy("second-name") == "UPDATE_COMPLETE"

    renamed.await_(lambda: renamed.made("first-name") == [], "nothing of the old name")
    assert len(renamed.made("second-name")) == 5

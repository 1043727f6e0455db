"""The alarms of a deployment: there, visible to the role, quiet."""

import asyncio
from functools import partial
from typing import Any, cast

import pytest
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.deployments.alarms import (
    Alarms,
    alarm_states,
    require_alarms,
    require_quiet,
)
from async_endpoint_emulator.errors import AwsError, DeploymentFailed
from botocore.exceptions import ClientError

from tests.support.emulator.direct_aws import DirectAws

ROLE = "arn:aws:iam::000000000000:role/execution"


class CloudWatch(DirectAws):
    """Alarms by name, or an error code with which it refuses."""

    def __init__(self, refusal: str = "", **states: str) -> None:
        self.refusal = refusal
        self.states = states

    def describe_alarms(self, *, AlarmNames: list[str], AlarmTypes: list[str]) -> Any:
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal}}, "DescribeAlarms")
        found = [
            {"AlarmName": name, "StateValue": state}
            for name, state in self.states.items()
            if name in AlarmNames
        ]
        return {"MetricAlarms": found[:1], "CompositeAlarms": found[1:]}


def alarms(aws: CloudWatch) -> Alarms:
    return partial(alarm_states, cast(Aws, aws))


def test_metric_and_composite_alarms_are_found_by_name() -> None:
    found = alarms(CloudWatch(a="OK", b="ALARM", c="OK"))

    assert asyncio.run(found(ROLE, ["a", "b"])) == {"a": "OK", "b": "ALARM"}


def test_an_alarm_that_does_not_exist_is_named() -> None:
    with pytest.raises(AwsError, match="Could not find the alarms b, d of"):
        asyncio.run(require_alarms(alarms(CloudWatch(a="OK")), ROLE, ["a", "b", "d"]))


def test_a_role_that_may_not_read_alarms_is_refused_with_the_permission() -> None:
    with pytest.raises(AwsError) as refused:
        asyncio.run(require_alarms(alarms(CloudWatch("AccessDenied")), ROLE, ["a"]))

    assert f'the role {ROLE} has "cloudwatch:DescribeAlarms" permissions' in str(refused.value)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_only_the_state_alarm_ends_a_deployment(state: str) -> None:
    asyncio.run(require_quiet(alarms(CloudWatch(a=state)), ROLE, ["a"]))

    with pytest.raises(DeploymentFailed, match="in ALARM state: b"):
        asyncio.run(require_quiet(alarms(CloudWatch(a=state, b="ALARM")), ROLE, ["a", "b"]))


def test_a_deployment_that_can_no_longer_be_watched_ends() -> None:
    with pytest.raises(DeploymentFailed, match="could not be monitored"):
        asyncio.run(require_quiet(alarms(CloudWatch("AccessDenied")), ROLE, ["a"]))


def test_a_moment_without_cloudwatch_ends_nothing() -> None:
    asyncio.run(require_quiet(alarms(CloudWatch("ServiceUnavailable")), ROLE, ["a"]))


def test_no_alarms_are_no_questions() -> None:
    asyncio.run(require_alarms(alarms(CloudWatch("AccessDenied")), ROLE, []))
    asyncio.run(require_quiet(alarms(CloudWatch("AccessDenied")), ROLE, []))

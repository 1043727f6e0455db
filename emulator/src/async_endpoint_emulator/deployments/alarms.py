"""The CloudWatch alarms that roll a deployment back, read with the execution role.

AWS requires `cloudwatch:DescribeAlarms` of the execution role:
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from async_endpoint_emulator.aws import AWS_ERRORS, Aws, error_code
from async_endpoint_emulator.errors import DeploymentFailed, validation_exception

log = logging.getLogger("sagemaker")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


Alarms = Callable[[str, Sequence[str]], Coroutine[Any, Any, Mapping[str, str]]]
"""Given a role and names, answers the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that
exists."""


async def alarm_states(aws: Aws, role_arn: str, names: Sequence[str]) -> Mapping[str, str]:
    """Those of the AWS stand-in's CloudWatch."""
    cloudwatch = (await aws.role(role_arn)).cloudwatch
    answer = await aws.call(
        cloudwatch.describe_alarms,
        AlarmNames=list(names),
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return {each["AlarmName"]: each["StateValue"] for each in found}


async def require_alarms(alarms: Alarms, role_arn: str, names: Sequence[str]) -> None:
    """The alarms exist and the role may look at them.

    Raises:
        AwsError: ValidationException, which says what is missing.
    """
    if not names:
        return
    try:
        states = await alarms(role_arn, names)
    except ClientError as exc:
        raise validation_exception(
            f"Could not describe the alarms {', '.join(names)} of AutoRollbackConfiguration. "
            f"Please ensure that the role {role_arn} has "
            f'"cloudwatch:DescribeAlarms" permissions. ({exc})'
        ) from exc
    missing = [name for name in names if name not in states]
    if missing:
        raise validation_exception(
            f"Could not find the alarms {', '.join(missing)} of AutoRollbackConfiguration."
        )


async def require_quiet(alarms: Alarms, role_arn: str, names: Sequence[str]) -> None:
    """None of them is in ALARM.

    Raises:
        DeploymentFailed: names those that are, or says that the role may not describe them.
    """
    if not names:
        return
    try:
        states = await alarms(role_arn, names)
    except AWS_ERRORS as exc:
        if error_code(exc) not in _DENIED:
            log.error("alarms cannot be described now: %s", exc)
            return
        raise DeploymentFailed(
            f"The deployment's alarms could not be monitored with the role {role_arn}: {exc}"
        ) from exc
    tripped = [name for name in names if states.get(name) == "ALARM"]
    if tripped:
        raise DeploymentFailed(
            "The deployment was rolled back because the following CloudWatch alarm(s) are in "
            f"ALARM state: {', '.join(tripped)}."
        )

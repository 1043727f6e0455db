"""The endpoint: its state, its configuration, its scaling, and how its last change ended."""

from collections.abc import Iterator, Mapping
from typing import Any

from relay.provision.endpoint import CHANGING, EndpointStatus
from relay.provision.lifecycle.rollouts import RollOutOutcome

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Finding, Severity
from relayctl.errors import RelayctlError

_TYPE = "Custom::AsyncEndpoint"
_STATUS = "relayctl endpoint"
_NAMESPACE = {"ServiceNamespace": "sagemaker"}


def endpoint(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report an endpoint that takes no requests, or sends its notifications elsewhere."""
    for wanted in stack.of(_TYPE):
        name = str(wanted.get("EndpointName"))
        try:
            found = account.get("sagemaker", "describe_endpoint", EndpointName=name)
        except Gone:
            found = {"EndpointStatus": EndpointStatus.ABSENT.value}
        status = EndpointStatus(found["EndpointStatus"])
        yield from _status(stack, wanted, status, str(found.get("FailureReason", "")))
        if status is EndpointStatus.IN_SERVICE:
            yield from _configuration(account, wanted, found)
            yield from _scaling(stack, account, wanted)


def _status(
    stack: Stack, wanted: Resource, status: EndpointStatus, reason: str
) -> Iterator[Finding]:
    name = wanted.get("EndpointName")
    if status is EndpointStatus.IN_SERVICE:
        return
    if status in CHANGING and status is not EndpointStatus.DELETING:
        yield Finding(
            "endpoint-changing",
            Severity.NOTE,
            wanted.name,
            f"endpoint {name} is {status.value}; requests are accepted in the meantime unless it "
            "is being created",
            "Wait for the end of the change",
            command=_STATUS,
        )
        return
    because = f": {reason}" if reason else ""
    own = wanted.get("EndpointMode") == "create"
    yield Finding(
        "endpoint-status",
        Severity.ERROR,
        wanted.name,
        f"endpoint {name} is {status.value}{because}; requests wait in the queue of submit, for "
        "ten days",
        "Roll a model out, which creates or replaces the endpoint"
        if own
        else "Its owner has to bring it into service",
        command="relayctl deploy MODEL_URI" if own else _STATUS,
    )


def _configuration(
    account: Account, wanted: Resource, found: Mapping[str, Any]
) -> Iterator[Finding]:
    config = account.get(
        "sagemaker", "describe_endpoint_config", EndpointConfigName=found["EndpointConfigName"]
    )
    output = config.get("AsyncInferenceConfig", {}).get("OutputConfig", {})
    topics = output.get("NotificationConfig", {})
    pairs = (
        ("success topic", topics.get("SuccessTopic"), wanted.get("SuccessTopicArn")),
        ("error topic", topics.get("ErrorTopic"), wanted.get("ErrorTopicArn")),
        ("output path", output.get("S3OutputPath"), wanted.get("S3OutputPath")),
        ("failure path", output.get("S3FailurePath"), wanted.get("S3FailurePath")),
    )
    wrong = [
        f"its {name} is {actual or 'absent'}, not {expected}"
        for name, actual, expected in pairs
        if not _fits(name, str(actual or ""), str(expected))
    ]
    if wrong:
        yield Finding(
            "endpoint-configuration",
            Severity.ERROR,
            wanted.name,
            f"endpoint {wanted.get('EndpointName')}: {'; '.join(wrong)}: results are found only "
            "once they are overdue, or not at all",
            "Roll back to the configuration of the relay, or have the owner of the endpoint "
            "correct it",
            command="relayctl rollback",
        )


def _fits(name: str, actual: str, expected: str) -> bool:
    """Whether a setting is the relay's. The outputs may be in a folder below the path."""
    if name.endswith("path"):
        return (actual.rstrip("/") + "/").startswith(expected.rstrip("/") + "/")
    return actual == expected


def _scaling(stack: Stack, account: Account, wanted: Resource) -> Iterator[Finding]:
    maximum, minimum = int(wanted.get("MaxInstanceCount")), int(wanted.get("MinInstanceCount"))
    if not maximum or wanted.get("EndpointMode") != "create":
        return
    name = wanted.get("EndpointName")
    id = f"endpoint/{name}/variant/AllTraffic"
    targets = account.get(
        "application-autoscaling", "describe_scalable_targets", ResourceIds=[id], **_NAMESPACE
    )["ScalableTargets"]
    policies = account.get(
        "application-autoscaling", "describe_scaling_policies", ResourceId=id, **_NAMESPACE
    )["ScalingPolicies"]
    scheduled = wanted.get("ScalingSchedule") not in ("", "[]", None)
    problems = []
    if not targets:
        problems.append("it has no scalable target: its instance count does not change")
    elif any(targets[0].get("SuspendedState", {}).values()):
        problems.append("its scaling is suspended")
    elif not scheduled and (targets[0]["MinCapacity"], targets[0]["MaxCapacity"]) != (
        minimum,
        maximum,
    ):
        bounds = f"{targets[0]['MinCapacity']} to {targets[0]['MaxCapacity']}"
        problems.append(f"it scales from {bounds} instances, not from {minimum} to {maximum}")
    kinds = {each["PolicyType"] for each in policies}
    if targets and "TargetTrackingScaling" not in kinds:
        problems.append("the policy that follows the backlog is gone")
    if targets and not minimum and not scheduled and "StepScaling" not in kinds:
        problems.append("the policy that scales out from zero is gone")
    if targets and not minimum and not scheduled:
        problems += _wake_alarm(account, f"{stack.name}-wake-{name}")
    if problems:
        yield Finding(
            "endpoint-scaling",
            Severity.ERROR,
            wanted.name,
            f"endpoint {name}: {'; '.join(problems)}",
            "Deploy the stack with another value of a scaling parameter, and then with this one: "
            "that registers the scaling again",
            command=f"sam deploy --stack-name {stack.name} "
            f"--parameter-overrides MaxInstanceCount={maximum + 1}",
        )


def _wake_alarm(account: Account, name: str) -> Iterator[str]:
    """Say what is wrong with the alarm of provision that scales out from zero."""
    found = account.get("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
    if not found:
        yield f"the alarm {name}, which scales out from zero, is gone"
    elif not (found[0].get("AlarmActions") and found[0].get("ActionsEnabled", True)):
        yield f"the alarm {name}, which scales out from zero, has no action"


def life(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report what provision knows: problems of an existing endpoint, drift, and a bad ending."""
    for wanted in stack.of(_TYPE):
        try:
            found = account.describe_endpoint()
        except RelayctlError as error:
            yield Finding(
                "provision",
                Severity.ERROR,
                wanted.name,
                f"provision does not describe the endpoint: {error}",
                "Read its log",
                command=f"aws logs tail /aws/lambda/{stack.name}-provision --since 1h",
            )
            return
        yield from _existing(wanted, found)
        yield from _replaced(wanted, found)
        yield from _ended(wanted, found)


def _existing(wanted: Resource, found: Mapping[str, Any]) -> Iterator[Finding]:
    for problem in (found.get("existing") or {}).get("problems", ()):
        yield Finding(
            "endpoint-existing",
            Severity.ERROR,
            wanted.name,
            f"existing endpoint {wanted.get('EndpointName')}: {problem}",
            "Have its owner change its configuration; "
            "docs/how-to/adopt-an-endpoint.md has the members",
        )


def _replaced(wanted: Resource, found: Mapping[str, Any]) -> Iterator[Finding]:
    """Report an endpoint that serves another configuration than the relay gave it."""
    serving, actual = found.get("serving") or {}, found.get("endpoint") or {}
    quiet = not found.get("under_way") and not found.get("waiting")
    steady = actual.get("status") == EndpointStatus.IN_SERVICE.value and quiet
    if steady and serving.get("config") and actual.get("config") != serving["config"]:
        yield Finding(
            "endpoint-replaced",
            Severity.ERROR,
            wanted.name,
            f"endpoint {actual.get('name')} serves {actual.get('config')}, not "
            f"{serving['config']}: another caller updated it",
            "Update it to the configuration of the relay, or keep the other one knowingly",
            command=f"aws sagemaker update-endpoint --endpoint-name {actual.get('name')} "
            f"--endpoint-config-name {serving['config']}",
        )


def _ended(wanted: Resource, found: Mapping[str, Any]) -> Iterator[Finding]:
    last = found.get("last_roll_out") or {}
    if last.get("outcome") == RollOutOutcome.FAILED.value:
        yield Finding(
            "endpoint-roll-out",
            Severity.WARNING,
            wanted.name,
            f"the last {last.get('kind', 'roll-out')}, asked for by {last.get('asked_by')}, ended "
            f"badly: {last.get('reason')}",
            "Remove the cause and roll out again; docs/reference/endings.md has each ending",
            command=_STATUS,
        )

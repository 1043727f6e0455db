"""The endpoint in the eyes of `doctor`: SageMaker's answers, and what provision knows."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from relayctl.doctor.doctor import examine
from relayctl.doctor.findings import Finding, Severity
from relayctl.errors import RelayctlError
from tests.support.relayctl.deployed import Deployed

_SCALED = {"MinInstanceCount": "0", "MaxInstanceCount": "4"}
_TARGET = {
    "MinCapacity": 0,
    "MaxCapacity": 4,
    "SuspendedState": {"DynamicScalingInSuspended": False},
}
_POLICIES = [{"PolicyType": "TargetTrackingScaling"}, {"PolicyType": "StepScaling"}]
_KNOWN = {
    "endpoint": {"name": "relay", "status": "InService", "config": "relay-1"},
    "serving": {"config": "relay-1"},
}


class Serving(Deployed):
    """A stack with an endpoint that is in service as it was deployed."""

    def serve(self) -> "Serving":
        self.deploy()
        self.described = _KNOWN
        self.endpoint()
        self.configured()
        self.scaled([_TARGET], _POLICIES)
        self.wake()
        return self

    def wake(self, *, acts: bool = True) -> None:
        """Put the alarm with which provision scales out from zero."""
        self.client("cloudwatch").put_metric_alarm(
            AlarmName="relay-wake-relay",
            Namespace="AWS/SageMaker",
            MetricName="HasBacklogWithoutCapacity",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=0,
            ActionsEnabled=acts,
            AlarmActions=["arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:wake"],
        )

    def endpoint(self, status: str = "InService", **more: str) -> None:
        answer = {"EndpointStatus": status, "EndpointConfigName": "relay-1", **more}
        self.answers("sagemaker", "DescribeEndpoint", answer)

    def configured(self, **changed: str) -> None:
        bucket = self.id("DataBucket")
        paths = {
            "S3OutputPath": f"s3://{bucket}/outputs/",
            "S3FailurePath": f"s3://{bucket}/failures",
        }
        topics = {"SuccessTopic": self.id("SuccessTopic"), "ErrorTopic": self.id("ErrorTopic")}
        topics |= {name: each for name, each in changed.items() if name in topics}
        paths |= {name: each for name, each in changed.items() if name in paths}
        output = {**paths, "NotificationConfig": topics}
        answer = {"AsyncInferenceConfig": {"OutputConfig": output}}
        self.answers("sagemaker", "DescribeEndpointConfig", answer)

    def scaled(self, targets: list[Any], policies: list[Any]) -> None:
        service = "application-autoscaling"
        self.answers(service, "DescribeScalableTargets", {"ScalableTargets": targets})
        self.answers(service, "DescribeScalingPolicies", {"ScalingPolicies": policies})


@pytest.fixture(scope="module")
def deployed() -> Serving:
    return Serving(EndpointMode="create", **_SCALED).serve()


@pytest.fixture
def stack(deployed: Serving) -> Iterator[Serving]:
    """The good stack; what a test answers otherwise is taken back."""
    yield deployed
    deployed.described = _KNOWN
    deployed.endpoint()
    deployed.configured()
    deployed.scaled([_TARGET], _POLICIES)


def only(stack: Serving) -> Finding:
    (finding,) = examine(stack.again())
    return finding


def test_nothing_is_found_on_an_endpoint_in_service(stack: Serving) -> None:
    assert examine(stack.again()) == []


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_an_endpoint_that_changes_needs_nobody(status: str, stack: Serving) -> None:
    stack.endpoint(status)

    finding = only(stack)

    assert (finding.check, finding.severity) == ("endpoint-changing", Severity.NOTE)


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_an_endpoint_that_does_not_serve_is_found_with_its_reason(
    status: str, stack: Serving
) -> None:
    stack.endpoint(status, FailureReason="no capacity")

    finding = only(stack)

    assert (finding.check, finding.severity) == ("endpoint-status", Severity.ERROR)
    assert f"{status}: no capacity" in finding.problem
    assert finding.commands == ("relayctl deploy MODEL_URI",)


def test_an_endpoint_that_was_deleted_is_found(stack: Serving) -> None:
    error = {"Code": "ValidationException", "Message": 'Could not find endpoint "arn:…/relay".'}
    stack.answers("sagemaker", "DescribeEndpoint", {"Error": error}, 400)

    assert "Absent" in only(stack).problem


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("SuccessTopic", "arn:aws:sns:us-east-1:000000000000:other"),
        ("ErrorTopic", "arn:aws:sns:us-east-1:000000000000:other"),
        ("S3OutputPath", "s3://elsewhere/outputs/"),
        ("S3FailurePath", ""),
    ],
)
def test_a_configuration_that_sends_results_elsewhere_is_found(
    member: str, value: str, stack: Serving
) -> None:
    stack.configured(**{member: value})

    finding = only(stack)

    assert finding.check == "endpoint-configuration"
    assert (value or "absent") in finding.problem


def test_outputs_in_a_folder_below_the_path_are_the_relays(stack: Serving) -> None:
    stack.configured(S3OutputPath=f"s3://{stack.id('DataBucket')}/outputs/folder")

    assert examine(stack.again()) == []


@pytest.mark.parametrize(
    ("targets", "policies", "says"),
    [
        ([], [], "no scalable target"),
        ([{**_TARGET, "MaxCapacity": 1}], _POLICIES, "from 0 to 1 instances, not from 0 to 4"),
        (
            [{**_TARGET, "SuspendedState": {"DynamicScalingOutSuspended": True}}],
            _POLICIES,
            "suspended",
        ),
        ([_TARGET], _POLICIES[1:], "follows the backlog is gone"),
        ([_TARGET], _POLICIES[:1], "scales out from zero is gone"),
    ],
)
def test_scaling_that_was_changed_is_found(
    targets: list[Any], policies: list[Any], says: str, stack: Serving
) -> None:
    stack.scaled(targets, policies)

    finding = only(stack)

    assert finding.check == "endpoint-scaling"
    assert says in finding.problem


def test_an_alarm_that_no_longer_scales_out_from_zero_is_found(stack: Serving) -> None:
    stack.wake(acts=False)
    assert "has no action" in only(stack).problem

    stack.client("cloudwatch").delete_alarms(AlarmNames=["relay-wake-relay"])
    finding = only(stack)

    stack.wake()
    assert finding.check == "endpoint-scaling"
    assert "relay-wake-relay, which scales out from zero, is gone" in finding.problem


def test_an_endpoint_that_another_caller_updated_is_found(stack: Serving) -> None:
    stack.described = {**_KNOWN, "serving": {"config": "relay-2"}}

    finding = only(stack)

    assert finding.check == "endpoint-replaced"
    assert "serves relay-1, not relay-2" in finding.problem


@pytest.mark.parametrize("change", ["under_way", "waiting"])
def test_during_a_roll_out_the_configuration_may_be_another(change: str, stack: Serving) -> None:
    stack.described = {**_KNOWN, "serving": {"config": "relay-2"}, change: {"id": "1"}}

    assert examine(stack.again()) == []


def test_a_roll_out_that_ended_badly_is_found_with_its_reason(stack: Serving) -> None:
    last = {"kind": "deploy", "asked_by": "me", "outcome": "failed", "reason": "an alarm"}
    stack.described = {**_KNOWN, "last_roll_out": last}

    finding = only(stack)

    assert finding.check == "endpoint-roll-out"
    assert "an alarm" in finding.problem


def test_a_roll_out_that_succeeded_is_not_found(stack: Serving) -> None:
    last = {"kind": "deploy", "asked_by": "me", "outcome": "succeeded", "reason": ""}
    stack.described = {**_KNOWN, "last_roll_out": last}

    assert examine(stack.again()) == []


def test_each_problem_of_an_existing_endpoint_is_found(stack: Serving) -> None:
    problems = ["its success topic is another", "it has no variant"]
    stack.described = {**_KNOWN, "existing": {"problems": problems}}

    findings = examine(stack.again())

    assert [each.check for each in findings] == ["endpoint-existing"] * 2
    assert "it has no variant" in findings[1].problem


def test_a_provision_function_that_fails_is_found(stack: Serving) -> None:
    stack.described = RelayctlError("relay-provision: KeyError")

    finding = only(stack)

    assert (finding.check, finding.severity) == ("provision", Severity.ERROR)
    assert "KeyError" in finding.problem


def test_without_permission_to_invoke_provision_that_is_said(stack: Serving) -> None:
    stack.described = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")

    finding = only(stack)

    assert finding.severity is Severity.UNKNOWN
    assert "needs lambda:InvokeFunction" in finding.problem

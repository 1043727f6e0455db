"""The provision function's use case and its adapter against the emulator's control plane.

What the fakes of the unit tests assume of SageMaker, and the reasons in SageMaker's words.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from relay.aws.model_environment import SsmEnvironment
from relay.aws.sagemaker.autoscaling import ApplicationAutoScaling
from relay.aws.sagemaker.control_plane import SageMakerControlPlane
from relay.errors import AccessDenied, PermanentError, RelayError
from relay.provision.endpoint import EndpointStatus
from relay.provision.provision import Provision
from relay.provision.texts.remedies import remedy

from tests.support.emulator.stack import XGBOOST, Clients, Stack, eventually
from tests.support.provisioning.fuse import Fuse
from tests.support.provisioning.ports import FakeFailedInvocations
from tests.support.provisioning.properties import REGION, specification
from tests.support.provisioning.requests import create, delete, deploy
from tests.support.provisioning.world import World


def control_plane(stack: Stack) -> SageMakerControlPlane:
    """Without Parameter Store, to which no specification here refers."""
    ssm = boto3.client("ssm", REGION, aws_access_key_id="none", aws_secret_access_key="none")
    return SageMakerControlPlane(lambda: stack.sagemaker, SsmEnvironment(lambda: ssm))


class Deployment(World):
    """The world of the fakes, with SageMaker as the emulator plays it."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(endpoint_name=stack.name)
        self.stack = stack

    def reception(self) -> Provision:
        return Provision(
            self.endpoint_name,
            REGION,
            roll_out_uploads=True,
            uploads=self.uploads,
            control_plane=control_plane(self.stack),
            autoscaler=ApplicationAutoScaling(
                lambda: self.stack.autoscaling, lambda: self.stack.cloudwatch, "relay"
            ),
            store=self.store,
            responder=self.responder,
            failed=FakeFailedInvocations(Fuse()),
            buckets=self.buckets,
            clock=self.clock,
            journal=self.notes.append,
        )

    def properties(self, **changes: object) -> dict[str, Any]:
        bucket = f"s3://{self.stack.bucket}"
        return {
            "EndpointName": self.stack.name,
            "ExecutionRoleArn": self.stack.role_arn,
            "ImageUri": XGBOOST,
            "ModelDataUrl": f"{bucket}/models/model.tar.gz",
            "InputBucketName": self.stack.bucket,
            "InputPrefixes": ["inputs/"],
            "S3OutputPath": f"{bucket}/outputs",
            "S3FailurePath": f"{bucket}/failures",
            "SuccessTopicArn": self.stack.success_topic,
            "ErrorTopicArn": self.stack.error_topic,
            **changes,
        }

    def answer_to(self, request_id: str = "create-1", **changes: object) -> str:
        """The reason with which a Create fails; "" when it succeeds."""
        self.wake(create(request_id, **self.properties(**changes)))
        eventually(self._answered, "an answer")
        return self.answers.pop().reason

    def _answered(self) -> bool:
        self.sweep()
        return bool(self.answers)


@pytest.fixture
def deployment(clients: Clients, artifact: Path) -> Iterator[Deployment]:
    stack = Stack(clients, artifact)
    yield Deployment(stack)
    stack.faults()
    stack.close()


def test_an_existing_endpoint_is_served_once_it_fits(deployment: Deployment) -> None:
    stack = deployment.stack
    stack.create_endpoint(failure_path=False)

    before = deployment.answer_to(EndpointMode="existing")
    config = stack.create_config(f"fits-{stack.suffix}")
    stack.sagemaker.update_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    after = deployment.answer_to("create-2", EndpointMode="existing")
    deployment.wake(delete(id=stack.name, **deployment.properties(EndpointMode="existing")))

    missing = "AsyncInferenceConfig.OutputConfig.S3FailurePath must be"
    assert f"{missing} s3://{stack.bucket}/failures" in before
    assert after == ""
    assert stack.status() == "InService"
    assert stack.describe()["EndpointConfigName"] == config


def test_tags_and_what_else_is_added_arrive(deployment: Deployment) -> None:
    added = {
        "Model": {"EnableNetworkIsolation": True},
        "EndpointConfig": {"ProductionVariants": [{"VolumeSizeInGB": 16}]},
        "Tags": [{"Key": "team", "Value": "fraud"}],
    }

    reason = deployment.answer_to(EndpointSpecification=json.dumps(added))

    sagemaker, arn = deployment.stack.sagemaker, deployment.stack.describe()["EndpointArn"]
    made = deployment.store.records[deployment.stack.name].generations[0]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=made.config)
    assert reason == ""
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == added["Tags"]
    assert sagemaker.describe_model(ModelName=made.model)["EnableNetworkIsolation"]
    assert variants["ProductionVariants"][0]["VolumeSizeInGB"] == 16


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        ("insufficient_capacity", "try again later, or choose another InstanceType"),
        ("image", "correct ImageUri, or Framework and FrameworkVersion"),
        ("archive", "a tar archive compressed with gzip"),
        ("health_check", "must answer GET /ping on port 8080"),
    ],
)
def test_a_creation_that_fails_is_reported_with_its_remedy_and_leaves_nothing(
    deployment: Deployment, fault: str, remedy: str
) -> None:
    deployment.stack.faults(fail_next_creation=fault)

    reason = deployment.answer_to()

    assert "could not be created (Failed)" in reason
    assert remedy in reason
    assert deployment.stack.status() == "gone"


def test_a_missing_artifact_is_reported_at_once(deployment: Deployment) -> None:
    missing = f"s3://{deployment.stack.bucket}/models/nothing.tar.gz"

    reason = deployment.answer_to(ModelDataUrl=missing)

    assert f"Could not find model data at {missing}" in reason
    assert "Upload the artifact to that address, or correct ModelDataUrl" in reason


def test_an_exceeded_quota_is_named(deployment: Deployment) -> None:
    reason = deployment.answer_to(InstanceCount="1000")

    assert "Request an increase of 'ml.m5.large for endpoint usage' in Service Quotas" in reason
    assert deployment.stack.status() == "gone"


@pytest.fixture
def alarm(deployment: Deployment) -> Iterator[str]:
    """The name of an alarm that is in ALARM, and stays so."""
    name, cloudwatch = f"incident-{deployment.stack.suffix}", deployment.stack.cloudwatch
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Incidents",
        MetricName="Failures",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    yield name
    cloudwatch.delete_alarms(AlarmNames=[name])


def outcome_of(world: Deployment, **members: Any) -> dict[str, Any]:
    """How a roll-out ends."""
    taken = world.wake(deploy(environment={"N": str(world.clock.now())}, **members))

    def ended() -> dict[str, Any] | None:
        world.sweep()
        last = world.describe()["last_roll_out"]
        return last if last and last["id"] == taken["roll_out"] else None

    return eventually(ended, "the end of the roll-out") or {}


def test_an_alarm_that_was_in_alarm_before_ends_roll_outs_that_watch_it(
    deployment: Deployment, alarm: str
) -> None:
    created = deployment.answer_to(RollbackAlarmNames=[alarm])

    watched = outcome_of(deployment)
    unwatched = outcome_of(deployment, deployment={"alarms": False})

    assert created == ""
    assert watched["outcome"] == "failed"
    assert f"are in ALARM state: {alarm}" in watched["reason"]
    assert '"deployment": {"alarms": false}' in watched["reason"]
    assert unwatched["outcome"] == "succeeded"


@pytest.mark.parametrize("count", [0, 1])
def test_an_endpoint_that_scales_is_updated_whatever_it_has_scaled_to(
    deployment: Deployment, alarm: str, count: int
) -> None:
    stack = deployment.stack
    stack.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    scaled = {"MinInstanceCount": "0", "MaxInstanceCount": "4"}
    created = deployment.answer_to(
        RollbackAlarmNames=[alarm],
        DeploymentStrategy="Linear",
        DeploymentWaitSeconds="10",
        **scaled,
    )
    if count == 0:
        stack.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=stack.name,
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}],
        )
        stack.await_status("InService")

    outcome = outcome_of(deployment)

    assert created == ""
    assert (outcome["outcome"], outcome["reason"]) == ("succeeded", "")
    guarded = "LastDeploymentConfig" in stack.describe()
    assert guarded is (count == 1)


def test_an_endpoint_of_that_name_is_left_alone(deployment: Deployment) -> None:
    deployment.stack.create_endpoint()
    theirs = deployment.stack.describe()["EndpointConfigName"]

    reason = deployment.answer_to()

    assert f"already exists with configuration {theirs}" in reason
    assert deployment.stack.describe()["EndpointConfigName"] == theirs


def test_a_missing_role_is_refused_in_words_that_have_a_remedy(deployment: Deployment) -> None:
    missing = deployment.stack.role_arn + "-missing"
    plane = control_plane(deployment.stack)
    wanted = specification(**deployment.properties(ExecutionRoleArn=missing))

    with pytest.raises(AccessDenied) as refusal:
        plane.create_model(wanted)

    said = remedy(str(refusal.value), wanted)
    assert said.startswith(f"The execution role {missing} must exist and trust")


def test_a_deleted_configuration_is_an_error_that_names_it(deployment: Deployment) -> None:
    plane = control_plane(deployment.stack)

    with pytest.raises(RelayError, match="describe endpoint configuration does-not-exist"):
        plane.describe_config("does-not-exist")

    assert plane.describe("does-not-exist").status is EndpointStatus.ABSENT
    assert issubclass(PermanentError, RelayError)

"""Deployments with real model servers, through boto3: what the unit tests play with fakes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulator.rehearsing import blue_green, rolling, with_alarm
from tests.support.emulator.stack import SCRIPTED, Stack, eventually


@pytest.fixture
def alarm(stack: Stack) -> Iterator[str]:
    """The name of an alarm that is OK."""
    name = f"errors-{stack.suffix}"
    stack.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="InvocationFailures",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    set_alarm(stack, name, "OK")
    yield name
    stack.cloudwatch.delete_alarms(AlarmNames=[name])


def set_alarm(stack: Stack, name: str, state: str) -> None:
    stack.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def submit_until_settled(stack: Stack) -> int:
    """Requests one after the other while the endpoint changes; answers how many."""
    submitted = 0

    def settled() -> bool:
        nonlocal submitted
        stack.invoke(Body=b'{"seconds": 0.05, "body": "done"}')
        submitted += 1
        return stack.status() == "InService"

    eventually(settled, "the deployment has ended")
    return submitted


@pytest.mark.parametrize(
    "deployment", [blue_green("CANARY", 50, interval=8, termination=4), rolling(50, interval=4)]
)
def test_uploads_during_a_deployment_all_complete(
    stack: Stack, alarm: str, deployment: Any
) -> None:
    stack.create_endpoint(SCRIPTED, count=2)
    new = stack.create_config(f"new-{stack.suffix}", count=2)

    stack.sagemaker.update_endpoint(
        EndpointName=stack.name,
        EndpointConfigName=new,
        DeploymentConfig=with_alarm(deployment, alarm),
    )
    submitted = submit_until_settled(stack)

    assert len(stack.notifications(stack.successes, submitted)) == submitted
    assert stack.describe()["EndpointConfigName"] == new
    assert stack.describe()["LastDeploymentConfig"] == with_alarm(deployment, alarm)


def test_uploads_during_a_rollback_by_an_alarm_all_complete(stack: Stack, alarm: str) -> None:
    stack.create_endpoint(SCRIPTED, count=2)
    new = stack.create_config(f"new-{stack.suffix}", count=2)
    set_alarm(stack, alarm, "ALARM")

    stack.sagemaker.update_endpoint(
        EndpointName=stack.name,
        EndpointConfigName=new,
        DeploymentConfig=with_alarm(blue_green("LINEAR", 50), alarm),
    )
    submitted = submit_until_settled(stack)

    assert len(stack.notifications(stack.successes, submitted)) == submitted
    assert stack.describe()["EndpointConfigName"] == f"config-{stack.suffix}"
    assert alarm in stack.describe()["FailureReason"]


def test_an_endpoint_is_put_under_maintenance_and_out_of_it(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)

    stack.force_status("SystemUpdating")
    during = stack.status()
    stack.force_status("InService")

    assert (during, stack.status()) == ("SystemUpdating", "InService")


def test_a_request_passes_through_the_containers_of_a_pipeline(stack: Stack) -> None:
    container = {"Image": SCRIPTED, "ModelDataUrl": f"s3://{stack.bucket}/models/model.tar.gz"}
    stack.sagemaker.create_model(
        ModelName=f"model-{stack.suffix}",
        ExecutionRoleArn=stack.role_arn,
        Containers=[
            {**container, "Environment": {"GREETING": name}} for name in ("first", "second")
        ],
    )
    config = stack.create_config()
    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("InService")

    answer = stack.invoke(Body=rb'{"body": "{\"headers\": {\"X-Passed\": \"second\"}}"}')
    stack.notifications(stack.successes)

    received = stack.read(answer["OutputLocation"]).decode()
    assert '"environment": "second"' in received
    images = stack.describe()["ProductionVariants"][0]["DeployedImages"]
    assert [each["SpecifiedImage"] for each in images] == [SCRIPTED, SCRIPTED]


def test_a_container_of_a_pipeline_that_refuses_fails_the_request(stack: Stack) -> None:
    container = {"Image": SCRIPTED}
    stack.sagemaker.create_model(
        ModelName=f"model-{stack.suffix}",
        ExecutionRoleArn=stack.role_arn,
        Containers=[container, container],
    )
    config = stack.create_config()
    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("InService")

    stack.invoke(Body=rb'{"body": "{\"status\": 422, \"body\": \"no\"}"}')

    [text] = stack.notifications(stack.errors)
    assert "Received client error (422) from model" in text

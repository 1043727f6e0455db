"""Stacks that hold nothing but the custom resource, for a provision function of their own.

The function runs the deployed code and layer in Lambda's stand-in, with an endpoint name of its own
and an emulator of its own; CloudFormation and EventBridge are the local stack's.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.functions.deployed import built
from local.stack.clients import Clients
from local.stack.emulator import set_faults
from local.stack.settings import StackSettings
from tests.e2e.permissions.roles import Roles
from tests.support.stack import RunningStack

ENDPOINT = "life"
IMAGE = "example/scripted:1"
BROKEN_IMAGE = "example/broken:1"
CONTAINERS = {
    "example/scripted:": "{python} -m tests.integration.emulator.scripted_container",
    "example/broken:": "{python} -c 'raise SystemExit(1)'",
}

# Generous, for machines that have much else to do.
_SECONDS = 120.0
_BY_NAME = {"Name": "EndpointName", "Value": ENDPOINT}
_SWEEP = json.dumps({"detail-type": "Scheduled Event"})


class EndpointStacks:
    """CloudFormation stacks around `Custom::AsyncEndpoint`, and what is left in SageMaker."""

    def __init__(self, stack: RunningStack, sagemaker: StackSettings) -> None:
        self._stack = stack
        self._clients = Clients(stack.settings)
        self.sagemaker = Clients(sagemaker).sagemaker
        self._settings = sagemaker
        self.autoscaling = self._client("application-autoscaling", sagemaker.sagemaker_url)
        self.cloudwatch = self._client("cloudwatch")
        self._lambda, self._events = self._client("lambda"), self._client("events")
        self._cloudformation = self._client("cloudformation")
        self._deployed = self._lambda.get_function_configuration(
            FunctionName=stack.outputs["ProvisionFunctionName"]
        )
        self._function = self._deploy_function(sagemaker)
        self.properties = self._properties()

    # --- stacks ----------------------------------------------------------------------------------

    def create(self, name: str, *, sweeping: bool = False, **changes: object) -> dict[str, Any]:
        """Returns the stack once CloudFormation has finished, rollback included."""
        self.start("create_stack", name, **changes)
        return self.finished(name, sweeping=sweeping)

    def update(self, name: str, *, sweeping: bool = False, **changes: object) -> dict[str, Any]:
        self.start("update_stack", name, **changes)
        return self.finished(name, sweeping=sweeping)

    def delete(self, name: str) -> None:
        self._cloudformation.delete_stack(StackName=name)
        self.await_(lambda: self._status(name) in ("", "DELETE_COMPLETE"), f"{name} is deleted")

    def start(self, operation: str, name: str, **changes: object) -> None:
        properties = {**self.properties, **changes}
        resource = {"Type": "Custom::AsyncEndpoint", "Properties": properties}
        getattr(self._cloudformation, operation)(
            StackName=name, TemplateBody=json.dumps({"Resources": {"Endpoint": resource}})
        )

    def finished(self, name: str, *, sweeping: bool = False) -> dict[str, Any]:
        self.await_(
            lambda: not self._status(name).endswith("IN_PROGRESS"), f"{name} is done", sweeping
        )
        found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def reasons(self, name: str) -> str:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return "\n".join(str(event.get("ResourceStatusReason", "")) for event in events)

    def _status(self, name: str) -> str:
        """Of the stack that has the name now; "" when none has."""
        try:
            found = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        return str(found[0]["StackStatus"])

    # --- the function ----------------------------------------------------------------------------

    def call(self, **members: object) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName=self._function, Payload=json.dumps(members))
        outcome: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, outcome
        return outcome

    def settled(self) -> dict[str, Any]:
        """How the endpoint stands once nothing is under way and nothing waits."""
        self.await_(self._at_rest, "everything is settled")
        return self.call(action="describe")

    def _at_rest(self) -> bool:
        described = self.call(action="describe")
        return described["goal"] == "rest" and not described["queued"] and not described["waiting"]

    def await_(self, look: Callable[[], object], what: str, sweeping: bool = False) -> None:
        """Sweep meanwhile if `sweeping`: not once a minute as the schedule, but once a second.

        More often would keep the one machine busy with nothing else.
        """
        deadline = time.monotonic() + _SECONDS
        swept = time.monotonic()
        while not look():
            assert time.monotonic() < deadline, f"not within {_SECONDS:.0f} s: {what}"
            if sweeping and time.monotonic() > swept + 1:
                self._lambda.invoke(FunctionName=self._function, Payload=_SWEEP)
                swept = time.monotonic()
            time.sleep(0.2)

    def config(self) -> str:
        return str(self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"])

    def left(self) -> dict[str, list[str]]:
        """Names of everything that there is in this SageMaker, and of what scales in it."""
        targets = self.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        policies = self.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        alarms = self.cloudwatch.get_paginator("describe_alarms").paginate()
        return {
            "endpoints": [e["EndpointName"] for e in self.sagemaker.list_endpoints()["Endpoints"]],
            "configs": [
                each["EndpointConfigName"]
                for each in self.sagemaker.list_endpoint_configs()["EndpointConfigs"]
            ],
            "models": [each["ModelName"] for each in self.sagemaker.list_models()["Models"]],
            "targets": [each["ResourceId"] for each in targets["ScalableTargets"]],
            "policies": [each["PolicyName"] for each in policies["ScalingPolicies"]],
            "alarms": [
                alarm["AlarmName"]
                for page in alarms
                for alarm in page["MetricAlarms"]
                if _BY_NAME in alarm["Dimensions"]
            ],
        }

    def fault(self, **faults: Any) -> None:
        """The faults of this SageMaker."""
        set_faults(self._settings, faults)

    # --- made once -------------------------------------------------------------------------------

    def close(self) -> None:
        self._events.remove_targets(Rule=ENDPOINT, Ids=["provision"])
        self._events.delete_rule(Name=ENDPOINT)
        self._lambda.delete_function(FunctionName=self._function)
        self._clients.iam.delete_role_policy(RoleName=ENDPOINT, PolicyName="all")
        self._clients.iam.delete_role(RoleName=ENDPOINT)

    def listen(self, *, on: bool) -> None:
        """Whether EventBridge's news of the endpoint reach the function."""
        (self._events.enable_rule if on else self._events.disable_rule)(Name=ENDPOINT)

    def _deploy_function(self, sagemaker: StackSettings) -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            for file in built("ProvisionFunction", self._stack.settings).rglob("*.py"):
                archive.write(file, file.name)
        made = self._lambda.create_function(
            FunctionName=f"{ENDPOINT}-provision",
            Runtime=self._deployed["Runtime"],
            Architectures=self._deployed["Architectures"],
            Handler=self._deployed["Handler"],
            Role=self._role(),
            Timeout=self._deployed["Timeout"],
            MemorySize=self._deployed["MemorySize"],
            Layers=[layer["Arn"] for layer in self._deployed["Layers"]],
            Code={"ZipFile": code.getvalue()},
            Environment={
                "Variables": {
                    **self._deployed["Environment"]["Variables"],
                    "ENDPOINT_NAME": ENDPOINT,
                    "STACK_ID": self._stack_id(),
                    "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.sagemaker_url,
                    "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": sagemaker.sagemaker_url,
                }
            },
        )
        self._events.put_rule(
            Name=ENDPOINT,
            EventPattern=json.dumps(
                {
                    "source": ["aws.sagemaker"],
                    "detail-type": ["SageMaker Endpoint State Change"],
                    "detail": {"EndpointName": [ENDPOINT]},
                }
            ),
        )
        self._events.put_targets(
            Rule=ENDPOINT, Targets=[{"Id": "provision", "Arn": made["FunctionArn"]}]
        )
        return str(made["FunctionName"])

    def _stack_id(self) -> str:
        """The stacks have the endpoint's name; the last part of an ARN differs for each."""
        deployed = self._deployed["Environment"]["Variables"]["STACK_ID"]
        account = deployed.partition(":stack/")[0]
        return f"{account}:stack/{ENDPOINT}/any"

    def _role(self) -> str:
        """Everything that the deployed function's role may, whatever the endpoint's name."""
        iam = self._clients.iam
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = iam.create_role(
            RoleName=ENDPOINT,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        actions = [
            "sagemaker:*",
            "iam:PassRole",
            "dynamodb:*",
            "logs:*",
            "application-autoscaling:*",
            "cloudwatch:*",
            "iam:CreateServiceLinkedRole",
        ]
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_role_policy(
            RoleName=ENDPOINT,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        return role["Role"]["Arn"]

    def _properties(self) -> dict[str, object]:
        outputs = self._stack.outputs
        bucket = outputs["DataBucketName"]
        return {
            "ServiceToken": self._lambda.get_function_configuration(FunctionName=self._function)[
                "FunctionArn"
            ],
            "EndpointName": ENDPOINT,
            "ExecutionRoleArn": Roles(self._stack).arn("EndpointExecutionRole"),
            "ImageUri": IMAGE,
            "InstanceType": "ml.m5.large",
            # One instance has no part that could go over first.
            "InstanceCount": "2",
            "MaxConcurrentInvocationsPerInstance": "4",
            "S3OutputPath": f"s3://{bucket}/outputs",
            "S3FailurePath": f"s3://{bucket}/failures",
            "SuccessTopicArn": outputs["SuccessTopicArn"],
            "ErrorTopicArn": outputs["ErrorTopicArn"],
            "IncludeInferenceResponseIn": [""],
        }

    def _client(self, service: str, url: str = "") -> Any:
        environment = self._stack.environment
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=url or self._stack.settings.aws_url,
            verify=environment["AWS_CA_BUNDLE"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )

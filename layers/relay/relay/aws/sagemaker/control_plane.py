"""SageMaker's control plane: models, endpoint configurations, endpoints.

SageMaker models one error only (ResourceLimitExceeded); what else it means by a
ValidationException is told apart by its text.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify
from relay.errors import AccessDenied, EndpointNotReady, PermanentError, TransientError
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.messages import remedy
from relay.provision.specification import api_requests
from relay.provision.specification.api_requests import Flaw, Request
from relay.provision.specification.deployment import Deployment, Strategy
from relay.provision.specification.existing import Setup
from relay.provision.specification.specification import Specification

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import (
        CreateEndpointConfigInputTypeDef,
        CreateEndpointInputTypeDef,
        CreateModelInputTypeDef,
        TagTypeDef,
        UpdateEndpointInputTypeDef,
    )

_MISSING = re.compile(r"could not find ", re.IGNORECASE)
_EXISTS = re.compile(r"already exist", re.IGNORECASE)
_BUSY = re.compile(r"in-progress|in progress|in transition", re.IGNORECASE)
# What was made a moment ago is not there for every part of SageMaker at once.
_NOT_VISIBLE_YET = re.compile(r"could not find (model|endpoint configuration) \"", re.IGNORECASE)
# CreateModel and CreateEndpoint try the execution role, and refuse one whose rights are still on
# their way.
_ROLE_REFUSED = re.compile(r"sns:Publish|sts:AssumeRole|could not assume role", re.IGNORECASE)


class SageMakerControlPlane:
    """Implements `relay.provision.lifecycle.ports.ControlPlane`.

    Args:
        connect: gives the client. It is the largest one of the SDK, and most wake-ups find nothing
            to do: so it is not made before it is needed.
    """

    def __init__(self, connect: "Callable[[], SageMakerClient]") -> None:
        self._connect = connect

    def flaws(self, operation: str, request: Request) -> Iterable[Flaw]:
        # The client has read the API's model already; most wake-ups need neither.
        from relay.aws.sagemaker import api_model

        return api_model.flaws(self._connect().meta.service_model, operation, request)

    def describe(self, endpoint_name: str) -> EndpointDescription:
        try:
            found = self._connect().describe_endpoint(EndpointName=endpoint_name)
        except (ClientError, BotoCoreError) as error:
            if _MISSING.search(_validation_text(error)):
                return EndpointDescription(endpoint_name, EndpointStatus.ABSENT)
            raise classify(error, f"describe endpoint {endpoint_name}") from error
        try:
            status = EndpointStatus(found["EndpointStatus"])
        except ValueError as error:
            raise TransientError(
                f"endpoint {endpoint_name} has a status that the relay does not know: {error}"
            ) from error
        variants = found.get("ProductionVariants", [])
        return EndpointDescription(
            name=endpoint_name,
            status=status,
            arn=found["EndpointArn"],
            config=found.get("EndpointConfigName", ""),
            failure_reason=found.get("FailureReason", ""),
            last_modified=found.get("LastModifiedTime"),
            current_instances=sum(each.get("CurrentInstanceCount", 0) for each in variants),
            desired_instances=sum(each.get("DesiredInstanceCount", 0) for each in variants),
        )

    def describe_config(self, name: str) -> Setup:
        try:
            found = self._connect().describe_endpoint_config(EndpointConfigName=name)
        except (ClientError, BotoCoreError) as error:
            raise classify(error, f"describe endpoint configuration {name}") from error
        variants = tuple(each["VariantName"] for each in found["ProductionVariants"])
        if "AsyncInferenceConfig" not in found:
            return Setup(name, variants=variants)
        output = found["AsyncInferenceConfig"]["OutputConfig"]
        topics = output.get("NotificationConfig", {})
        return Setup(
            name,
            asynchronous=True,
            output_path=output.get("S3OutputPath", ""),
            failure_path=output.get("S3FailurePath", ""),
            success_topic_arn=topics.get("SuccessTopic", ""),
            error_topic_arn=topics.get("ErrorTopic", ""),
            variants=variants,
        )

    def create_model(self, specification: Specification) -> None:
        name = specification.generation.model
        request = cast("CreateModelInputTypeDef", api_requests.create_model(specification))
        with _creating(f"create model {name}", specification):
            self._connect().create_model(**request)

    def create_config(self, specification: Specification) -> None:
        name = specification.generation.config
        request = cast(
            "CreateEndpointConfigInputTypeDef", api_requests.create_endpoint_config(specification)
        )
        with _creating(f"create endpoint configuration {name}", specification):
            self._connect().create_endpoint_config(**request)

    def create_endpoint(self, specification: Specification) -> None:
        request = cast("CreateEndpointInputTypeDef", api_requests.create_endpoint(specification))
        with _creating(f"create endpoint {specification.endpoint_name}", specification):
            self._connect().create_endpoint(**request)

    def tag(self, endpoint_arn: str, specification: Specification) -> None:
        if tags := cast("list[TagTypeDef]", specification.additions.tags):
            with _creating(f"tag {endpoint_arn}", specification):
                self._connect().add_tags(ResourceArn=endpoint_arn, Tags=tags)

    def update_endpoint(self, specification: Specification, *, retain_capacity: bool) -> None:
        doing = f"update endpoint {specification.endpoint_name}"
        request: UpdateEndpointInputTypeDef = {
            "EndpointName": specification.endpoint_name,
            "EndpointConfigName": specification.generation.config,
            "RetainAllVariantProperties": retain_capacity,
        }
        if not specification.deployment.plain:
            request["DeploymentConfig"] = deployment_config(specification.deployment)
        try:
            self._connect().update_endpoint(**request)
        except (ClientError, BotoCoreError) as error:
            raise _explained(error, doing, specification) from error

    def set_instance_count(self, endpoint_name: str, count: int) -> None:
        doing = f"give endpoint {endpoint_name} {count} instances"
        try:
            self._connect().update_endpoint_weights_and_capacities(
                EndpointName=endpoint_name,
                DesiredWeightsAndCapacities=[
                    {"VariantName": api_requests.VARIANT, "DesiredInstanceCount": count}
                ],
            )
        except (ClientError, BotoCoreError) as error:
            if _BUSY.search(text := _validation_text(error)):
                raise EndpointNotReady(f"{doing}: {text}") from error
            raise classify(error, doing) from error

    def delete_endpoint(self, endpoint_name: str) -> None:
        with _deleting(f"delete endpoint {endpoint_name}"):
            self._connect().delete_endpoint(EndpointName=endpoint_name)

    def delete_config(self, name: str) -> None:
        with _deleting(f"delete endpoint configuration {name}"):
            self._connect().delete_endpoint_config(EndpointConfigName=name)

    def delete_model(self, name: str) -> None:
        with _deleting(f"delete model {name}"):
            self._connect().delete_model(ModelName=name)


@contextmanager
def _creating(doing: str, specification: Specification) -> Iterator[None]:
    """What is there already is there: its name carries the hash of its content."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if not _EXISTS.search(_validation_text(error)):
            raise _explained(error, doing, specification) from error


@contextmanager
def _deleting(doing: str) -> Iterator[None]:
    """What is gone is gone."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        text = _validation_text(error)
        if _BUSY.search(text):
            raise EndpointNotReady(f"{doing}: {text}") from error
        if not _MISSING.search(text):
            raise classify(error, doing) from error


def _explained(
    error: ClientError | BotoCoreError, doing: str, specification: Specification
) -> Exception:
    text = _validation_text(error)
    if _BUSY.search(text):
        return EndpointNotReady(f"{doing}: {text}")
    if _NOT_VISIBLE_YET.search(text):
        return TransientError(f"{doing}: {text}")
    told = classify(error, doing)
    known = remedy(str(told), specification)
    if _ROLE_REFUSED.search(text):
        return AccessDenied(f"{told}. {known}")  # until its permissions have arrived
    lasting = isinstance(told, AccessDenied | PermanentError)
    return type(told)(f"{told}. {known}") if lasting and known else told


def _validation_text(error: ClientError | BotoCoreError) -> str:
    """The text of a ValidationException, or nothing."""
    if not isinstance(error, ClientError):
        return ""
    details = error.response.get("Error", {})
    # "ValidationException" on AWS; SageMaker's runtime says "ValidationError".
    return details.get("Message", "") if details.get("Code", "").startswith("Validation") else ""


# A deployment's settings as UpdateEndpoint takes them.

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        BlueGreenUpdatePolicyTypeDef,
        CapacitySizeTypeDef,
        DeploymentConfigUnionTypeDef,
        RollingUpdatePolicyTypeDef,
        TrafficRoutingConfigTypeDef,
    )


def deployment_config(deployment: Deployment) -> "DeploymentConfigUnionTypeDef":
    """`DeploymentConfig` of UpdateEndpoint.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html
    """
    config: DeploymentConfigUnionTypeDef
    if deployment.strategy is Strategy.ROLLING:
        config = {"RollingUpdatePolicy": _rolling(deployment)}
    else:
        config = {"BlueGreenUpdatePolicy": _blue_green(deployment)}
    if deployment.alarms:
        config["AutoRollbackConfiguration"] = {
            "Alarms": [{"AlarmName": name} for name in deployment.alarms]
        }
    return config


def _rolling(deployment: Deployment) -> "RollingUpdatePolicyTypeDef":
    # SageMaker knows no termination wait here: each batch takes the place of an old one.
    return {
        "MaximumBatchSize": _share(deployment),
        "WaitIntervalInSeconds": deployment.wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _blue_green(deployment: Deployment) -> "BlueGreenUpdatePolicyTypeDef":
    routing: TrafficRoutingConfigTypeDef
    match deployment.strategy:
        case Strategy.CANARY:
            routing = {
                "Type": "CANARY",
                "CanarySize": _share(deployment),
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
        case Strategy.LINEAR:
            routing = {
                "Type": "LINEAR",
                "LinearStepSize": _share(deployment),
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
        case _:
            routing = {
                "Type": "ALL_AT_ONCE",
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
    return {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": deployment.termination_wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _share(deployment: Deployment) -> "CapacitySizeTypeDef":
    return {"Type": "CAPACITY_PERCENT", "Value": deployment.step_percent}

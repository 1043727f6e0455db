"""SageMaker's control plane: models, endpoint configurations, endpoints.

SageMaker models one error only (ResourceLimitExceeded); what a ValidationException means follows
from its text.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import SdkError, classify, translated
from relay.aws.model_environment import SsmEnvironment
from relay.aws.sagemaker.deployment_config import deployment_config
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    RelayError,
    TransientError,
)
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.ports import ServingConfigGone
from relay.provision.specification import api_requests
from relay.provision.specification.api_requests import Flaw, Request
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
_CONFIG_MISSED = re.compile(r"could not find endpoint configuration \"([^\"]+)\"", re.IGNORECASE)
# CreateModel and CreateEndpoint try the execution role, and refuse one whose permissions have not
# reached every part of AWS yet.
_ROLE_REFUSED = re.compile(r"sns:Publish|sts:AssumeRole|could not assume role", re.IGNORECASE)


class SageMakerControlPlane:
    """Implements `relay.provision.lifecycle.ports.ControlPlane`.

    Args:
        connect: gives the client, the largest of the SDK, which most invocations do not need.
        environment: reads the values of a model's environment that are references.
    """

    def __init__(
        self, connect: "Callable[[], SageMakerClient]", environment: SsmEnvironment
    ) -> None:
        self._connect = connect
        self._environment = environment

    def flaws(self, operation: str, request: Request) -> Iterable[Flaw]:
        # Most invocations check no request.
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
        with translated(f"describe endpoint configuration {name}"):
            found = self._connect().describe_endpoint_config(EndpointConfigName=name)
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
        values: dict[str, str] = {}
        if references := specification.environment_references:
            if self._has_model(name):  # whose parameters may be gone by now
                return
            values = self._environment.read(references)
        request = cast("CreateModelInputTypeDef", api_requests.create_model(specification, values))
        with translated(f"create model {name}", _creating):
            self._connect().create_model(**request)

    def _has_model(self, name: str) -> bool:
        try:
            self._connect().describe_model(ModelName=name)
        except (ClientError, BotoCoreError) as error:
            if _MISSING.search(_validation_text(error)):
                return False
            raise classify(error, f"describe model {name}") from error
        return True

    def create_config(self, specification: Specification) -> None:
        name = specification.generation.config
        request = cast(
            "CreateEndpointConfigInputTypeDef", api_requests.create_endpoint_config(specification)
        )
        with translated(f"create endpoint configuration {name}", _creating):
            self._connect().create_endpoint_config(**request)

    def create_endpoint(self, specification: Specification) -> None:
        request = cast("CreateEndpointInputTypeDef", api_requests.create_endpoint(specification))
        with translated(f"create endpoint {specification.endpoint_name}", _creating):
            self._connect().create_endpoint(**request)

    def tag(self, endpoint_arn: str, specification: Specification) -> None:
        if tags := cast("list[TagTypeDef]", specification.tags):
            with translated(f"tag {endpoint_arn}", _creating):
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
        config = specification.generation.config
        with translated(doing, partial(_updating, config=config)):
            self._connect().update_endpoint(**request)

    def set_instance_count(self, endpoint_name: str, count: int) -> None:
        with translated(f"set endpoint {endpoint_name} to {count} instances", _unless_busy):
            self._connect().update_endpoint_weights_and_capacities(
                EndpointName=endpoint_name,
                DesiredWeightsAndCapacities=[
                    {"VariantName": api_requests.VARIANT, "DesiredInstanceCount": count}
                ],
            )

    def delete_endpoint(self, endpoint_name: str) -> None:
        with translated(f"delete endpoint {endpoint_name}", _deleting):
            self._connect().delete_endpoint(EndpointName=endpoint_name)

    def delete_config(self, name: str) -> None:
        client = self._connect()
        describe = partial(client.describe_endpoint_config, EndpointConfigName=name)
        with translated(
            f"delete endpoint configuration {name}", partial(_deleting, describe=describe)
        ):
            client.delete_endpoint_config(EndpointConfigName=name)

    def delete_model(self, name: str) -> None:
        client = self._connect()
        describe = partial(client.describe_model, ModelName=name)
        with translated(f"delete model {name}", partial(_deleting, describe=describe)):
            client.delete_model(ModelName=name)


def _creating(error: SdkError, doing: str) -> RelayError | None:
    """What exists is not created again: its name contains the hash of its content."""
    if _EXISTS.search(_validation_text(error)):
        return None
    return _explained(error, doing)


def _updating(error: SdkError, doing: str, config: str) -> RelayError:
    """SageMaker misses the old configuration too, which no wait brings back if it was deleted.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
    """
    missed = _CONFIG_MISSED.search(_validation_text(error))
    if missed and not missed[1].endswith(f"/{config.lower()}"):
        return ServingConfigGone(str(classify(error, doing)))
    return _explained(error, doing)


def _deleting(
    error: SdkError, doing: str, describe: Callable[[], object] | None = None
) -> RelayError | None:
    """What is gone need not be deleted.

    Where the permission depends on a tag, IAM denies the deletion of what is gone: it has none.
    `describe`, for which the permission has no condition, shows what is gone.
    """
    text = _validation_text(error)
    if _MISSING.search(text) and not _BUSY.search(text):
        return None
    refusal = _unless_busy(error, doing)
    return None if isinstance(refusal, AccessDenied) and _is_gone(describe) else refusal


def _is_gone(describe: Callable[[], object] | None) -> bool:
    if describe is None:
        return False
    try:
        describe()
    except (ClientError, BotoCoreError) as error:
        return bool(_MISSING.search(_validation_text(error)))
    return False


def _unless_busy(error: SdkError, doing: str) -> RelayError:
    text = _validation_text(error)
    return EndpointNotReady(f"{doing}: {text}") if _BUSY.search(text) else classify(error, doing)


def _explained(error: SdkError, doing: str) -> RelayError:
    text, classified = _validation_text(error), _unless_busy(error, doing)
    if isinstance(classified, EndpointNotReady):
        return classified
    if _NOT_VISIBLE_YET.search(text):
        return TransientError(f"{doing}: {text}")
    if _ROLE_REFUSED.search(text):
        return AccessDenied(str(classified))  # until its permissions have arrived
    return classified


def _validation_text(error: SdkError) -> str:
    """The text of a ValidationException, or nothing."""
    if not isinstance(error, ClientError):
        return ""
    details = error.response.get("Error", {})
    # "ValidationException" on AWS; SageMaker's runtime says "ValidationError".
    return details.get("Message", "") if details.get("Code", "").startswith("Validation") else ""

"""The requests of SageMaker's API that create an endpoint."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from relay.provision.specification.specification import Specification

Request = dict[str, object]

# Name of the only variant, as in SageMaker's SDK. Log streams, metrics and scalable targets have
# it, and an update keeps the capacity only of a variant with the same name.
VARIANT: Final = "AllTraffic"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A part of a request that SageMaker refuses: its path (`VpcConfig.Subnets[0]`), and why."""

    path: str
    problem: str


# Checks a request of an operation ("CreateModel") against the API's model.
RequestCheck = Callable[[str, Request], Iterable[Flaw]]


def accept_anything(operation: str, request: Request) -> Iterable[Flaw]:
    """Find no flaws: for a specification that was checked before."""
    return ()


def create_model(
    specification: Specification, environment: Mapping[str, str] = MappingProxyType({})
) -> Request:
    """Build the request of CreateModel; `environment`: the values of references."""
    additions = specification.additions
    request: Request = {
        **additions.model,
        "ModelName": specification.generation.model,
        "ExecutionRoleArn": specification.execution_role_arn,
        **_tags(specification),
    }
    if not additions.containers:
        request["PrimaryContainer"] = {
            **additions.container,
            "Image": specification.image,
            **_given("ModelDataUrl", specification.model_data_url),
            "Environment": {**specification.model_environment, **environment},
        }
    return request


def create_endpoint_config(specification: Specification) -> Request:
    """Build the request of CreateEndpointConfig."""
    generation = specification.generation
    return {
        **specification.additions.config,
        "EndpointConfigName": generation.config,
        "ProductionVariants": [
            {
                **specification.additions.variant,
                "VariantName": VARIANT,
                "ModelName": generation.model,
                "InstanceType": specification.instance_type,
                "InitialInstanceCount": specification.instance_count,
            }
        ],
        "AsyncInferenceConfig": _async_inference(specification),
        **_given("KmsKeyId", specification.volume_kms_key_id),
        **_tags(specification),
    }


def create_endpoint(specification: Specification) -> Request:
    """Build the request of CreateEndpoint."""
    return {
        "EndpointName": specification.endpoint_name,
        "EndpointConfigName": specification.generation.config,
        **_tags(specification),
    }


def _async_inference(specification: Specification) -> Request:
    concurrency = specification.max_concurrent_invocations or None
    return {
        "ClientConfig": _given("MaxConcurrentInvocationsPerInstance", concurrency),
        "OutputConfig": {
            "S3OutputPath": specification.output_path,
            "S3FailurePath": specification.failure_path,
            "NotificationConfig": {
                "SuccessTopic": specification.success_topic_arn,
                "ErrorTopic": specification.error_topic_arn,
                "IncludeInferenceResponseIn": [*specification.include_response_in],
            },
            **_given("KmsKeyId", specification.output_kms_key_id),
        },
    }


def _tags(specification: Specification) -> Request:
    return _given("Tags", specification.tags or None)


def _given(name: str, value: object) -> Request:
    return {} if value is None else {name: value}

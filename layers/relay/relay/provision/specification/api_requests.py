"""The requests that make an endpoint, in the words of SageMaker's API."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from relay.provision.specification.specification import Specification

Request = dict[str, object]

# The name that SageMaker's own SDK gives an endpoint's only variant. Log streams, metrics and
# scalable targets carry it, and an update keeps capacity only from a variant of the same name.
VARIANT: Final = "AllTraffic"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What SageMaker would refuse in a request: where it is (`VpcConfig.Subnets[0]`), and why."""

    path: str
    problem: str


# Finds what is wrong with a request for an operation ("CreateModel") by the API's own model.
RequestCheck = Callable[[str, Request], Iterable[Flaw]]


def accept_anything(operation: str, request: Request) -> Iterable[Flaw]:
    """For where the names alone are wanted of what was checked when it was made."""
    return ()


def create_model(specification: Specification) -> Request:
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
            "Environment": specification.model_environment,
        }
    return request


def create_endpoint_config(specification: Specification) -> Request:
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
    return {
        "EndpointName": specification.endpoint_name,
        "EndpointConfigName": specification.generation.config,
        **_tags(specification),
    }


def _async_inference(specification: Specification) -> Request:
    """Without a topic nothing is published of that kind; without a concurrency SageMaker picks."""
    notification: Request = {
        **_given("SuccessTopic", specification.success_topic_arn),
        **_given("ErrorTopic", specification.error_topic_arn),
    }
    if notification:
        notification["IncludeInferenceResponseIn"] = [*specification.include_response_in]
    concurrency = specification.max_concurrent_invocations
    return {
        "ClientConfig": _given("MaxConcurrentInvocationsPerInstance", concurrency or None),
        "OutputConfig": {
            "S3OutputPath": specification.output_path,
            "S3FailurePath": specification.failure_path,
            **_given("NotificationConfig", notification or None),
            **_given("KmsKeyId", specification.output_kms_key_id),
        },
    }


def _tags(specification: Specification) -> Request:
    return _given("Tags", specification.additions.tags or None)


def _given(name: str, value: object) -> Request:
    return {} if value is None else {name: value}

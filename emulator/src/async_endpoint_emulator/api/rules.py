"""What an operation's parameters must be, as far as they alone show it.

The rules that botocore's shapes cannot express; whether roles, artifacts and other resources exist
is asked elsewhere.
"""

from collections.abc import Callable, Mapping

from async_endpoint_emulator.deployments.guardrails import require_valid
from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.validation import Document, operation_model, validate

UNSUPPORTED = "One or more endpoint features are not supported using this configuration."
_MAX_ENVIRONMENT_BYTES = 32 * 1024


def accept(operation: str, document: object) -> Document:
    """The request without unknown members, if it could be carried out.

    Raises:
        AwsError: ValidationException or SerializationException; names what is wrong.
    """
    request = validate(operation_model("sagemaker", operation), document, "ValidationException")
    rule = _RULES.get(operation)
    if rule is not None:
        rule(request)
    return request


def _accept_model(request: Document) -> None:
    if not request.get("ExecutionRoleArn"):
        raise validation_exception("ExecutionRoleArn is required to create a model.")
    primary, several = request.get("PrimaryContainer"), request.get("Containers")
    if bool(primary) == bool(several):
        raise validation_exception(
            "Exactly one of PrimaryContainer and Containers must be provided, not "
            + ("both." if primary else "neither.")
        )
    if request.get("InferenceExecutionConfig", {}).get("Mode") == "Direct":
        raise validation_exception(UNSUPPORTED)
    names: list[str] = []
    for container in [primary] if primary else several or []:
        _accept_container(container)
        names += [container["ContainerHostname"]] if "ContainerHostname" in container else []
    if len(set(names)) != len(names):
        raise validation_exception("ContainerHostname must be unique within a model.")


def _accept_container(container: Document) -> None:
    if "Image" not in container:
        raise validation_exception("The container needs an Image; model packages are not here.")
    if container.get("Mode") == "MultiModel":
        raise validation_exception(UNSUPPORTED)
    if "ModelDataUrl" in container and "ModelDataSource" in container:
        raise validation_exception(
            "ModelDataUrl and ModelDataSource must not both be provided for a container."
        )
    environment: Mapping[str, str] = container.get("Environment", {})
    size = sum(len(text.encode()) for pair in environment.items() for text in pair)
    if size > _MAX_ENVIRONMENT_BYTES:
        raise validation_exception(
            f"Environment has {size} bytes; at most {_MAX_ENVIRONMENT_BYTES} are possible."
        )
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source and source["S3DataType"] == "S3Prefix":
        if source["CompressionType"] == "Gzip":
            raise validation_exception(
                "CompressionType Gzip requires S3DataType S3Object, an object that is a "
                "gzip-compressed TAR archive."
            )
        if not source["S3Uri"].endswith("/"):
            raise validation_exception(
                f"S3Uri {source['S3Uri']} must end with a forward slash, because S3DataType is "
                "S3Prefix."
            )


def _accept_config(request: Document) -> None:
    if "AsyncInferenceConfig" not in request:
        raise validation_exception(
            "The emulator runs asynchronous endpoints only: the configuration needs an "
            "AsyncInferenceConfig."
        )
    unsupported = {"ShadowProductionVariants", "ExplainerConfig"} & request.keys()
    for variant in request["ProductionVariants"]:
        unsupported |= {"ServerlessConfig", "ManagedInstanceScaling"} & variant.keys()
    if unsupported:
        raise validation_exception(UNSUPPORTED)
    names = [each["VariantName"] for each in request["ProductionVariants"]]
    if len(set(names)) != len(names):
        raise validation_exception("Variant names must be unique within a configuration.")
    for variant in request["ProductionVariants"]:
        missing = {"ModelName", "InstanceType", "InitialInstanceCount"} - variant.keys()
        if missing:
            raise validation_exception(
                f"Variant {variant['VariantName']} needs {' and '.join(sorted(missing))}."
            )


def _accept_deployment(request: Document) -> None:
    """Sizes in instances are checked again when it is known how many there are."""
    if guardrails := request.get("DeploymentConfig"):
        require_valid(guardrails, {})


def _accept_capacities(request: Document) -> None:
    wanted = request["DesiredWeightsAndCapacities"]
    for each in wanted:
        if "ServerlessUpdateConfig" in each:
            raise validation_exception(UNSUPPORTED)
    if len({each["VariantName"] for each in wanted}) != len(wanted):
        raise validation_exception("Variant names must be unique in DesiredWeightsAndCapacities.")


_RULES: Mapping[str, Callable[[Document], None]] = {
    "CreateModel": _accept_model,
    "CreateEndpointConfig": _accept_config,
    "CreateEndpoint": _accept_deployment,
    "UpdateEndpoint": _accept_deployment,
    "UpdateEndpointWeightsAndCapacities": _accept_capacities,
}

"""Reader of the specification from a custom resource's properties."""

from collections.abc import Mapping
from typing import Final, get_args

from relay.errors import ConfigurationError
from relay.inputs.inputs import NamedFolder, refuse_overlaps
from relay.provision.specification import images, validation
from relay.provision.specification.api_requests import (
    VARIANT,
    RequestCheck,
    accept_anything,
    create_endpoint_config,
    create_model,
)
from relay.provision.specification.deployment import Deployment
from relay.provision.specification.endpoint_properties import FORMS, PROPERTY, SPANS
from relay.provision.specification.overrides import Additions
from relay.provision.specification.properties import PropertyReader
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.specification import Specification, TopicKind

_TOPIC_KINDS: Final[tuple[TopicKind, ...]] = get_args(TopicKind)
# Frameworks whose images need an artifact. A Hugging Face image can download a model by
# HF_MODEL_ID.
_NEED_AN_ARTIFACT = frozenset({"xgboost", "sklearn", "pytorch", "tensorflow"})
# Folders that SageMaker writes to.
_WRITTEN = ("S3OutputPath", "S3FailurePath")
# Properties of the only container.
_OF_ONE_CONTAINER = ("ImageUri", "ModelDataUrl", "ModelEnvironment")


def read_specification(
    properties: Mapping[str, object],
    region: str,
    check: RequestCheck = accept_anything,
) -> Specification:
    """Read the properties of a `Custom::AsyncEndpoint`, in which every scalar is a string.

    `check` checks the requests against the API's model: botocore ignores most of its limits, and
    SageMaker's messages do not name the properties.

    Raises:
        ConfigurationError: lists every property that is not valid.
    """
    reader = PropertyReader(properties)
    additions = Additions.read(reader)
    instance_type = _required(reader, "InstanceType")
    specification = Specification(
        endpoint_name=_required(reader, "EndpointName"),
        execution_role_arn=_required(reader, "ExecutionRoleArn"),
        image=_image(reader, region, instance_type, additions),
        model_data_url=_optional(reader, "ModelDataUrl"),
        model_environment=reader.environment("ModelEnvironment"),
        environment_references=reader.environment_references("ModelEnvironment"),
        instance_type=instance_type,
        instance_count=_whole_number(reader, "InstanceCount"),
        max_concurrent_invocations=_whole_number(reader, "MaxConcurrentInvocationsPerInstance"),
        output_path=_location(reader, "S3OutputPath"),
        failure_path=_location(reader, "S3FailurePath"),
        success_topic_arn=_required(reader, "SuccessTopicArn"),
        error_topic_arn=_required(reader, "ErrorTopicArn"),
        include_response_in=reader.choices("IncludeInferenceResponseIn", _TOPIC_KINDS),
        output_kms_key_id=_optional(reader, "OutputKmsKeyId"),
        model_data_version=reader.value("ModelDataVersion"),
        deployment=Deployment.read(reader),
        scaling=Scaling.read(reader),
        volume_kms_key_id=_optional(reader, "VolumeKmsKeyId"),
        additions=additions,
        stack_id=_optional(reader, "StackId"),
    )
    refuse_overlaps(reader, _folders(reader))
    _refuse_another_variant(reader)
    model, config = create_model(specification), create_endpoint_config(specification)
    validation.check(reader, model, config, by=check)
    reader.raise_problems()
    return specification


def _required(reader: PropertyReader, name: str) -> str:
    return reader.matching(name, FORMS[name].pattern, FORMS[name].words)


def _optional(reader: PropertyReader, name: str) -> str | None:
    return _required(reader, name) if reader.value(name) else None


def _whole_number(reader: PropertyReader, name: str) -> int:
    return reader.whole_number(name, SPANS[name].minimum, SPANS[name].maximum)


def _image(reader: PropertyReader, region: str, instance_type: str, additions: Additions) -> str:
    """Read `ImageUri`, or resolve `Framework` and `FrameworkVersion` in this region.

    Of several containers, return the image of the first.
    """
    if additions.containers:
        for name in _OF_ONE_CONTAINER:
            if reader.given(name) and reader.value(name).strip() != "{}":
                reader.refuse(
                    name,
                    "is for a model with one container: set it in "
                    f"{PROPERTY}.Model.Containers instead",
                )
        return str(additions.containers[0].get("Image", ""))
    if image := _optional(reader, "ImageUri"):
        return image
    framework, version = reader.value("Framework"), reader.value("FrameworkVersion")
    if not framework or not version:
        reader.refuse("", "give either ImageUri, or Framework and FrameworkVersion", ": ")
        return ""
    artifact = reader.given("ModelDataUrl") or "ModelDataSource" in additions.container
    if framework in _NEED_AN_ARTIFACT and not artifact:
        reader.refuse(
            "ModelDataUrl",
            f"is missing: SageMaker's {framework} image does not contain a model",
        )
    if reader.has_refused("InstanceType"):
        return ""  # the image depends on it
    try:
        return images.resolve(framework, version, region, instance_type)
    except ConfigurationError as error:
        reader.refuse("", str(error), ": ")
        return ""


def _location(reader: PropertyReader, name: str) -> str:
    """Read a folder without its last slash: SageMaker appends with a slash."""
    return str(reader.folder(name)).removesuffix("/")


def _folders(reader: PropertyReader) -> list[NamedFolder]:
    """The folders that SageMaker writes to, and those of inputs."""
    written = [NamedFolder(name, reader.folder(name)) for name in _WRITTEN]
    return [*written, *(NamedFolder("InputPrefixes", each) for each in reader.inputs())]


def _refuse_another_variant(reader: PropertyReader) -> None:
    if (name := reader.value("VariantName")) not in ("", VARIANT):
        reader.refuse(
            "VariantName",
            f"is {name}, but the variant of an endpoint that the relay creates is always "
            f"{VARIANT}, so that no roll-out resets its capacity: leave VariantName out, which is "
            "for EndpointMode existing",
        )

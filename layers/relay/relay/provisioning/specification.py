"""What the endpoint should be, and the names that follow from it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self, get_args

from relay.errors import ConfigurationError
from relay.provisioning import images
from relay.provisioning.deployment import Deployment, Strategy
from relay.provisioning.properties import PropertyReader
from relay.s3uri import S3Uri

# Twelve hex digits after a name of at most 50 characters stay within SageMaker's 63.
_DIGEST_LENGTH: Final = 12

_ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,49}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@/-]+")
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_.-]+")
_KMS_KEY = re.compile(r"[a-zA-Z0-9:/_-]{1,2048}")
_IMAGE = re.compile(r"\S{1,255}")
_INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")
_MODEL_DATA = re.compile(r"(https|s3)://[^/]+/.+")

TopicKind = Literal["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]
_TOPIC_KINDS: Final[tuple[TopicKind, ...]] = get_args(TopicKind)
# Frameworks whose images can serve nothing without an artifact (a Hugging Face image can fetch its
# model by HF_MODEL_ID).
_NEED_AN_ARTIFACT = frozenset({"xgboost", "sklearn", "pytorch", "tensorflow"})


@dataclass(frozen=True, slots=True)
class Generation:
    """One model and one endpoint configuration that the relay made, by name."""

    model: str
    config: str
    image: str


@dataclass(frozen=True, slots=True)
class Specification:
    """Everything that goes into the model, the endpoint configuration and the endpoint."""

    endpoint_name: str
    execution_role_arn: str
    image: str
    model_data_url: str | None
    model_environment: dict[str, str]
    instance_type: str
    instance_count: int
    max_concurrent_invocations: int
    output_path: str
    failure_path: str
    success_topic_arn: str
    error_topic_arn: str
    include_response_in: tuple[TopicKind, ...]
    output_kms_key_id: str | None
    # Which content the artifact had: an object's version or ETag, or whatever tells one upload
    # under the same key from the next.
    model_data_version: str = ""
    deployment: Deployment = Deployment()

    @classmethod
    def from_properties(cls, properties: Mapping[str, object], region: str) -> Self:
        """Reads the properties of a `Custom::AsyncEndpoint`, where every scalar is a string.

        Limits are those of CreateModel and CreateEndpointConfig in the SageMaker API reference;
        botocore checks few of them, and SageMaker's own messages name none of our properties.

        Raises:
            ConfigurationError: naming every property that is wrong.
        """
        reader = PropertyReader(properties)
        instance_type = reader.matching("InstanceType", _INSTANCE_TYPE, "such as ml.m5.large")
        model_data_url = reader.optional(
            "ModelDataUrl", _MODEL_DATA, "the S3 URI of a model.tar.gz"
        )
        specification = cls(
            endpoint_name=reader.matching(
                "EndpointName", _ENDPOINT_NAME, "letters, digits and inner hyphens, at most 50"
            ),
            execution_role_arn=reader.matching("ExecutionRoleArn", _ROLE_ARN, "the ARN of a role"),
            image=_image(reader, region, instance_type, model_data_url),
            model_data_url=model_data_url,
            model_environment=reader.environment("ModelEnvironment"),
            instance_type=instance_type,
            instance_count=reader.integer("InstanceCount", 1),
            max_concurrent_invocations=reader.integer(
                "MaxConcurrentInvocationsPerInstance", 1, 1000
            ),
            output_path=_location(reader, "S3OutputPath"),
            failure_path=_location(reader, "S3FailurePath"),
            success_topic_arn=reader.matching("SuccessTopicArn", _TOPIC_ARN, "the ARN of a topic"),
            error_topic_arn=reader.matching("ErrorTopicArn", _TOPIC_ARN, "the ARN of a topic"),
            include_response_in=reader.choices("IncludeInferenceResponseIn", _TOPIC_KINDS),
            output_kms_key_id=reader.optional("OutputKmsKeyId", _KMS_KEY, "a KMS key's ARN or id"),
            model_data_version=reader.text("ModelDataVersion"),
            deployment=Deployment.read(reader),
        )
        _refuse_overlaps(reader)
        reader.check()
        return specification

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The counterpart of `to_json`; what an older relay has stored lacks the newer members."""
        members = json.loads(text)
        members["include_response_in"] = tuple(members["include_response_in"])
        if settings := members.pop("deployment", None):
            members["deployment"] = Deployment(
                **{
                    **settings,
                    "strategy": Strategy(settings["strategy"]),
                    "alarms": tuple(settings["alarms"]),
                }
            )
        return cls(**members)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @property
    def generation(self) -> Generation:
        """Names that carry a hash of what goes into each resource.

        So the same specification always has the same names, a creation can be repeated safely, and
        an update is a changed name.
        """
        model = f"{self.endpoint_name}-" + _digest(
            self.image,
            self.model_data_url,
            self.model_environment,
            self.execution_role_arn,
            # Names stay as they were where nothing tells of an artifact's version.
            *([self.model_data_version] if self.model_data_version else []),
        )
        config = f"{self.endpoint_name}-" + _digest(
            model,
            self.instance_type,
            self.instance_count,
            self.max_concurrent_invocations,
            self.output_path,
            self.failure_path,
            self.success_topic_arn,
            self.error_topic_arn,
            sorted(self.include_response_in),
            self.output_kms_key_id,
        )
        return Generation(model, config, self.image)


def _digest(*parts: object) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGEST_LENGTH]


def _image(
    reader: PropertyReader, region: str, instance_type: str, model_data_url: str | None
) -> str:
    """`ImageUri`, or what `Framework` and `FrameworkVersion` mean in this region."""
    if image := reader.optional("ImageUri", _IMAGE, "the URI of an image in ECR"):
        return image
    framework, version = reader.text("Framework"), reader.text("FrameworkVersion")
    if not framework or not version:
        reader.refuse("give either ImageUri, or Framework and FrameworkVersion")
        return ""
    if framework in _NEED_AN_ARTIFACT and not model_data_url:
        reader.refuse(
            f"ModelDataUrl is missing: SageMaker's {framework} image holds no model of its own"
        )
    try:
        return images.resolve(framework, version, region, instance_type)
    except ConfigurationError as error:
        reader.refuse(str(error))
        return ""


def _location(reader: PropertyReader, name: str) -> str:
    """Without the last slash: SageMaker puts one before what it appends."""
    return str(reader.folder(name)).removesuffix("/")


def _refuse_overlaps(reader: PropertyReader) -> None:
    """Outputs under the inputs would be submitted again, without end and at their owner's cost."""
    names = ["S3OutputPath", "S3FailurePath"]
    if reader.text("S3InputPath"):
        names.append("S3InputPath")
    folders = [(name, reader.folder(name)) for name in names]
    for index, (name, folder) in enumerate(folders):
        for other_name, other in folders[index + 1 :]:
            if _overlap(folder, other):
                reader.refuse(f"{name} and {other_name} overlap: {folder} and {other}")


def _overlap(one: S3Uri, other: S3Uri) -> bool:
    return bool(one.bucket) and (one.contains(other) or other.contains(one))

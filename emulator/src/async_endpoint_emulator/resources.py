"""Models and endpoint configurations: what was asked for, kept as it was asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.validation import Document

SUCCESS = "SUCCESS_NOTIFICATION_TOPIC"
ERROR = "ERROR_NOTIFICATION_TOPIC"


@dataclass(slots=True)
class Namer:
    """Spells ARNs of this account and region. The account and its partition are learnt before the
    first request."""

    region: str
    account: str = ""
    partition: str = "aws"

    def arn(self, kind: str, name: str) -> str:
        """IAM sees names in lower case, and so do the ARNs of the API."""
        return self.arn_of("sagemaker", f"{kind}/{name.lower()}")

    def arn_of(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of `Containers`, or the `PrimaryContainer`."""

    document: Document
    label: str
    """`container_1` and so on: what AWS's messages call it."""

    @property
    def image(self) -> str:
        return str(self.document["Image"])

    @property
    def hostname(self) -> str:
        """Of a container in a pipeline, as CloudWatch names it.

        https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipeline-logs-metrics.html
        """
        return str(self.document.get("ContainerHostname", self.label.replace("_", "-")))

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.document.get("Environment", {}))

    @property
    def artifact_url(self) -> str | None:
        """Where the model's data is; None when the image holds it."""
        url: str | None = self.document.get("ModelDataUrl") or self._source.get("S3Uri")
        return url

    @property
    def unpacked(self) -> bool:
        """Whether the data is files as they are, and not one `.tar.gz`."""
        return self._source.get("CompressionType") == "None"

    @property
    def is_prefix(self) -> bool:
        """Whether the data is everything under a prefix, and not one object."""
        return self._source.get("S3DataType") == "S3Prefix"

    @property
    def _source(self) -> Document:
        source: Document = self.document.get("ModelDataSource", {}).get("S3DataSource", {})
        return source


@dataclass(frozen=True, slots=True)
class Model:
    """What CreateModel was given."""

    name: str
    arn: str
    created: datetime
    document: Document

    @property
    def containers(self) -> tuple[Container, ...]:
        """In the order in which a request passes through them."""
        primary = self.document.get("PrimaryContainer")
        documents = [primary] if primary else self.document["Containers"]
        return tuple(Container(each, f"container_{n}") for n, each in enumerate(documents, 1))

    @property
    def role_arn(self) -> str:
        return str(self.document["ExecutionRoleArn"])


@dataclass(frozen=True, slots=True)
class Variant:
    """One production variant of a configuration."""

    name: str
    model_name: str
    instance_type: str
    initial_count: int
    initial_weight: float
    startup_timeout: float
    download_timeout: float

    @classmethod
    def from_document(cls, document: Document) -> "Variant":
        return cls(
            name=document["VariantName"],
            model_name=document["ModelName"],
            instance_type=document["InstanceType"],
            initial_count=document["InitialInstanceCount"],
            initial_weight=document.get("InitialVariantWeight", 1.0),
            startup_timeout=document.get("ContainerStartupHealthCheckTimeoutInSeconds", 240),
            download_timeout=document.get("ModelDataDownloadTimeoutInSeconds", 3600),
        )


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """What CreateEndpointConfig was given."""

    name: str
    arn: str
    created: datetime
    document: Document

    @property
    def variants(self) -> tuple[Variant, ...]:
        return tuple(Variant.from_document(each) for each in self.document["ProductionVariants"])

    @property
    def concurrency(self) -> int | None:
        client: Document = self.document["AsyncInferenceConfig"].get("ClientConfig", {})
        return client.get("MaxConcurrentInvocationsPerInstance")

    @property
    def output(self) -> "OutputConfig":
        document: Document = self.document["AsyncInferenceConfig"]["OutputConfig"]
        topics = document.get("NotificationConfig", {})
        return OutputConfig(
            output_path=document.get("S3OutputPath"),
            failure_path=document.get("S3FailurePath"),
            kms_key_id=document.get("KmsKeyId"),
            success_topic=topics.get("SuccessTopic"),
            error_topic=topics.get("ErrorTopic"),
            include_response_in=frozenset(topics.get("IncludeInferenceResponseIn", ())),
        )


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Where results and news of them go. None means: not asked for."""

    output_path: str | None
    failure_path: str | None
    kms_key_id: str | None
    success_topic: str | None
    error_topic: str | None
    include_response_in: frozenset[str]

    @property
    def topics(self) -> tuple[str, ...]:
        """Each topic once."""
        both = (self.success_topic, self.error_topic)
        return tuple(dict.fromkeys(topic for topic in both if topic))


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def arn(self) -> str: ...


Resource = TypeVar("Resource", bound=Named)


class Collection(Generic[Resource]):
    """Resources of one kind. Names are unique whatever their case, found by their exact case."""

    def __init__(self, kind: str, words: str, namer: Namer) -> None:
        self.kind = kind
        self._words = words
        self._namer = namer
        self._members: dict[str, Resource] = {}

    def arn(self, name: str) -> str:
        return self._namer.arn(self.kind, name)

    def require_free(self, name: str) -> None:
        """Raises AWS's refusal if the name is taken."""
        if name.lower() in self._members:
            raise validation_exception(
                f'Cannot create already existing {self._words} "{self.arn(name)}".'
            )

    def add(self, resource: Resource) -> None:
        self.require_free(resource.name)
        self._members[resource.name.lower()] = resource

    def find(self, name: str) -> Resource | None:
        member = self._members.get(name.lower())
        return member if member is not None and member.name == name else None

    def get(self, name: str) -> Resource:
        """Raises AWS's refusal if there is no such resource."""
        member = self.find(name)
        if member is None:
            raise validation_exception(f'Could not find {self._words} "{self.arn(name)}".')
        return member

    def remove(self, name: str) -> Resource:
        """Raises AWS's refusal if there is no such resource."""
        member = self.get(name)
        del self._members[name.lower()]
        return member

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._members.values()))

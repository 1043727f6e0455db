"""The specification of an endpoint, and the names that follow from it."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Final, Literal

from relay.provision.specification.deployment import Deployment
from relay.provision.specification.endpoint_properties import STACK_TAG
from relay.provision.specification.overrides import Additions
from relay.provision.specification.scaling import Scaling

# A name of at most 50 characters, a hyphen and twelve hex digits are within SageMaker's 63.
_DIGEST_LENGTH: Final = 12

TopicKind = Literal["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]


@dataclass(frozen=True, slots=True)
class Generation:
    """The names of one model and one endpoint configuration of the relay."""

    model: str
    config: str
    image: str


@dataclass(frozen=True, slots=True)
class Specification:
    """The content of the model, the endpoint configuration and the endpoint.

    `additions` is `EndpointSpecification` as given; `api_requests` merges it. With a concurrency of
    0 SageMaker chooses.
    """

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
    # Content of the artifact: an object's version id or ETag, or another text that changes with
    # each upload under the same key.
    model_data_version: str = ""
    deployment: Deployment = Deployment()
    # None if the instance count is fixed. Not a part of SageMaker's resources.
    scaling: Scaling | None = None
    volume_kms_key_id: str | None = None
    additions: Additions = field(default_factory=Additions)
    # Variables whose values are in Parameter Store: a model has the values at its creation.
    environment_references: dict[str, str] = field(default_factory=dict)
    # ARN of the stack. Not a part of the content: it does not change the names.
    stack_id: str | None = None

    @property
    def tags(self) -> list[object]:
        """Tags of the model, the configuration and the endpoint: as given, and the stack's."""
        own = [{"Key": STACK_TAG, "Value": self.stack_id}] if self.stack_id else []
        return [*self.additions.tags, *own]

    @property
    def can_go_over_in_parts(self) -> bool:
        """Whether the deployment strategy suits the instance count; always with scaling."""
        return self.scaling is not None or self.deployment.suits(self.instance_count)

    @property
    def generation(self) -> Generation:
        """Names with a hash of the content of each resource.

        The same specification always has the same names, so a creation can be repeated safely, and
        an update has another name. The hash has no part for a member that is not given, so a new
        optional property does not change the names.
        """
        added = self.additions
        model = f"{self.endpoint_name}-" + _digest(
            self.image,
            self.model_data_url,
            self.model_environment,
            self.execution_role_arn,
            *([self.model_data_version] if self.model_data_version else []),
            *_named(
                model=added.model,
                tags=added.tags,
                environment_references=self.environment_references,
            ),
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
            *_named(volume_key=self.volume_kms_key_id, config=added.config, tags=added.tags),
        )
        return Generation(model, config, self.image)


def _digest(*parts: object) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGEST_LENGTH]


def _named(**parts: object) -> tuple[dict[str, object], ...]:
    given = {name: part for name, part in parts.items() if part}
    return (given,) if given else ()

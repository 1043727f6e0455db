"""Adoption of an existing endpoint: what its configuration must have, and what to change.

The relay never creates, updates, scales or deletes an existing endpoint; it only describes it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from relay.provision.specification.api_requests import VARIANT
from relay.provision.specification.endpoint_properties import FORMS
from relay.provision.specification.properties import PropertyReader
from relay.s3uri import S3Uri

MODE: Final = "EndpointMode"
_EXISTING: Final = "existing"
_CREATE: Final = "create"

_OUTPUT: Final = "AsyncInferenceConfig.OutputConfig"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_NAME_FORM: Final = "letters, digits and inner hyphens, at most 63"
# Values that mean no scaling: a template cannot omit a number.
_NO_SCALING: Final = ("", "0")


def is_existing(properties: Mapping[str, object]) -> bool:
    """Whether a custom resource is for an existing endpoint."""
    return properties.get(MODE) == _EXISTING


@dataclass(frozen=True, slots=True)
class Setup:
    """The asynchronous inference settings of an endpoint's configuration."""

    name: str
    asynchronous: bool = False
    output_path: str = ""
    failure_path: str = ""
    success_topic_arn: str = ""
    error_topic_arn: str = ""
    # Production variants.
    variants: tuple[str, ...] = (VARIANT,)


@dataclass(frozen=True, slots=True)
class Adoption:
    """What the relay requires of an existing endpoint."""

    endpoint_name: str
    output_path: str
    failure_path: str
    success_topic_arn: str
    error_topic_arn: str
    # The variant that the stack's alarms watch.
    variant_name: str = VARIANT

    @classmethod
    def read(cls, properties: Mapping[str, object]) -> Self:
        """Read the custom resource's properties, without those that create an endpoint.

        Raises:
            ConfigurationError: lists every property that is not valid.
        """
        reader = PropertyReader(properties)
        name = reader.matching("EndpointName", _NAME, _NAME_FORM)
        _refuse_another_arn(reader, name)
        additions = reader.value("EndpointSpecification").strip()
        if additions not in ("", "{}"):
            reader.refuse(
                "EndpointSpecification",
                f"is for {MODE} {_CREATE}: leave it empty where {MODE} is {_EXISTING}",
            )
        for bound in ("MinInstanceCount", "MaxInstanceCount"):
            if (count := reader.value(bound)) not in _NO_SCALING:
                reader.refuse(
                    bound,
                    f"is {count}, but the relay does not scale an existing endpoint: set {bound} "
                    f"to 0 where {MODE} is {_EXISTING}, and scale the endpoint outside of this "
                    "stack",
                )
        adoption = cls(
            endpoint_name=name,
            output_path=str(reader.folder("S3OutputPath")).removesuffix("/"),
            failure_path=str(reader.folder("S3FailurePath")).removesuffix("/"),
            success_topic_arn=_topic(reader, "SuccessTopicArn"),
            error_topic_arn=_topic(reader, "ErrorTopicArn"),
            variant_name=reader.value("VariantName") or VARIANT,
        )
        reader.raise_problems()
        return adoption

    def problems(self, setup: Setup) -> tuple[str, ...]:
        """Return what to change in the endpoint's configuration; nothing if it is suitable."""
        if not setup.asynchronous:
            return (f"AsyncInferenceConfig is missing: add it with {self.wanted()}",)
        return tuple(self._differences(setup))

    def missing_variant(self, setup: Setup) -> str:
        """Return what is wrong with VariantName; "" if the variant of the alarms exists."""
        if self.variant_name in setup.variants:
            return ""
        return (
            f"VariantName is {self.variant_name}, but the endpoint has {_listed(setup.variants)}: "
            "alarms on a variant that does not exist never have data"
        )

    def wanted(self) -> str:
        """Return every value that the relay requires, by the API's members."""
        members = {
            "S3OutputPath": self.output_path,
            "S3FailurePath": self.failure_path,
            "NotificationConfig.SuccessTopic": self.success_topic_arn,
            "NotificationConfig.ErrorTopic": self.error_topic_arn,
        }
        return ", ".join(f"OutputConfig.{name} {value}" for name, value in members.items())

    def _differences(self, setup: Setup) -> Iterator[str]:
        for member, is_, wanted in (
            ("S3OutputPath", setup.output_path, self.output_path),
            ("S3FailurePath", setup.failure_path, self.failure_path),
        ):
            if not _lies_in(is_, wanted):
                yield f"{_OUTPUT}.{member} must be {wanted} or a folder in it, {_is(is_)}"
        for member, is_, wanted in (
            ("SuccessTopic", setup.success_topic_arn, self.success_topic_arn),
            ("ErrorTopic", setup.error_topic_arn, self.error_topic_arn),
        ):
            if is_ != wanted:
                yield f"{_OUTPUT}.NotificationConfig.{member} must be {wanted}, {_is(is_)}"


def _topic(reader: PropertyReader, name: str) -> str:
    return reader.matching(name, FORMS[name].pattern, FORMS[name].words)


def _refuse_another_arn(reader: PropertyReader, name: str) -> None:
    """Require the ARN of an endpoint with upper-case letters in its name, and no other.

    SageMaker writes the name in an endpoint's ARN in lower case, IAM's Resource is case-sensitive,
    and a template cannot change the case of a string.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    arn, lower = reader.value("ExistingEndpointArn"), name.lower()
    if arn and not arn.endswith(f":endpoint/{lower}"):
        reader.refuse(
            "ExistingEndpointArn",
            f"is {arn}, but the ARN of endpoint {name} ends with endpoint/"
            f"{lower}: set it to the EndpointArn that DescribeEndpoint shows",
        )
    elif name != lower and not arn:
        reader.refuse(
            "EndpointName",
            f"is {name}, but the endpoint's ARN has {lower}: set ExistingEndpointArn to the "
            "EndpointArn that DescribeEndpoint shows",
        )


def _listed(variants: tuple[str, ...]) -> str:
    return f"the variant{'s' if len(variants) > 1 else ''} {', '.join(variants)}"


def _lies_in(location: str, folder: str) -> bool:
    try:
        return S3Uri.parse(folder + "/").contains(S3Uri.parse(location.removesuffix("/") + "/"))
    except ValueError:
        return False


def _is(value: str) -> str:
    return f"and is {value}" if value else "and is not set"

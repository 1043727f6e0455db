"""What `EndpointSpecification` adds to the simple properties, in the words of SageMaker's own API.

One JSON object with up to three members: `Model` (as in CreateModel), `EndpointConfig` (as in
CreateEndpointConfig) and `Tags`. What has a parameter of its own, what the relay decides, and what
an asynchronous endpoint cannot have is refused here, with what to do instead; what remains is
checked against the API's model like everything else.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.provision.specification.properties import PropertyReader

PROPERTY: Final = "EndpointSpecification"
_SECTIONS: Final = {"Model": dict, "EndpointConfig": dict, "Tags": list}

_NAMED = "the relay names it, after the endpoint and a hash of what goes into it"
_ROLE = (
    "the stack's own role is used; what it needs beyond comes with the parameter EndpointPolicyArns"
)
_TAGS = f"use {PROPERTY}.Tags, which the model, the configuration and the endpoint get"
_ROUTED = "the relay sets it, or results would not reach it"
_COMPONENTS = "it is for inference components, which take no asynchronous requests"
_PACKAGE = (
    "the relay makes models of images and artifacts, and an image of the marketplace cannot run "
    "asynchronously: set ImageUri and ModelDataUrl to what DescribeModelPackage shows"
)
_MULTI_MODEL = "InvokeEndpointAsync cannot name a model: an asynchronous endpoint serves one"
_CONTAINER_OF_ONES_OWN = {
    "ModelPackageName": _PACKAGE,
    "InferenceSpecificationName": _PACKAGE,
    "MultiModelConfig": _MULTI_MODEL,
}
_OUTPUT = "EndpointConfig.AsyncInferenceConfig.OutputConfig"
_VARIANT = "EndpointConfig.ProductionVariants[]"

# Why a member is refused, by its path.
REFUSED: Final[Mapping[str, str]] = {
    "Model.ModelName": _NAMED,
    "Model.ExecutionRoleArn": _ROLE,
    "Model.Tags": _TAGS,
    "Model.PrimaryContainer.Image": (
        "use the parameter ImageUri, or Framework and FrameworkVersion"
    ),
    "Model.PrimaryContainer.ModelDataUrl": "use the parameter ModelDataUrl",
    "Model.PrimaryContainer.Environment": "use the parameter ModelEnvironment",
    **{f"Model.PrimaryContainer.{name}": why for name, why in _CONTAINER_OF_ONES_OWN.items()},
    **{f"Model.Containers[].{name}": why for name, why in _CONTAINER_OF_ONES_OWN.items()},
    "EndpointConfig.EndpointConfigName": _NAMED,
    "EndpointConfig.Tags": _TAGS,
    "EndpointConfig.KmsKeyId": "use the parameter VolumeKmsKeyId, which also grants its use",
    "EndpointConfig.ExecutionRoleArn": _COMPONENTS,
    "EndpointConfig.VpcConfig": f"{_COMPONENTS}; for the model use {PROPERTY}.Model.VpcConfig",
    "EndpointConfig.EnableNetworkIsolation": (
        f"{_COMPONENTS}; for the model use {PROPERTY}.Model.EnableNetworkIsolation"
    ),
    "EndpointConfig.ShadowProductionVariants": "shadow tests exclude asynchronous endpoints",
    "EndpointConfig.ExplainerConfig": "SageMaker explains real-time inferences only",
    "EndpointConfig.AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance": (
        "use the parameter MaxConcurrentInvocationsPerInstance"
    ),
    f"{_OUTPUT}.S3OutputPath": _ROUTED,
    f"{_OUTPUT}.S3FailurePath": _ROUTED,
    f"{_OUTPUT}.NotificationConfig.SuccessTopic": _ROUTED,
    f"{_OUTPUT}.NotificationConfig.ErrorTopic": _ROUTED,
    f"{_OUTPUT}.NotificationConfig.IncludeInferenceResponseIn": (
        "use the parameter IncludeInferenceResponseIn"
    ),
    f"{_OUTPUT}.KmsKeyId": "use the parameter OutputKmsKeyId, which also grants its use",
    f"{_VARIANT}.VariantName": "the relay names it AllTraffic, so that an update keeps capacity",
    f"{_VARIANT}.ModelName": _NAMED,
    f"{_VARIANT}.InstanceType": "use the parameter InstanceType",
    f"{_VARIANT}.InitialInstanceCount": "use the parameter InstanceCount",
    f"{_VARIANT}.InstancePools": "the relay runs one instance type: use the parameter InstanceType",
    f"{_VARIANT}.AcceleratorType": "Elastic Inference is no longer available",
    f"{_VARIANT}.ServerlessConfig": "a serverless endpoint takes no asynchronous requests",
    f"{_VARIANT}.ManagedInstanceScaling": (
        "it scales inference components, which take no asynchronous requests; the relay scales by "
        "its own parameters"
    ),
}
# Values that no asynchronous endpoint can have, by the path of their member.
_REFUSED_VALUES: Final[Mapping[tuple[str, str], str]] = {
    ("Model.InferenceExecutionConfig.Mode", "Direct"): (
        "InvokeEndpointAsync cannot name a container; containers can only run one after the other "
        "(Serial)"
    ),
    ("Model.PrimaryContainer.Mode", "MultiModel"): _MULTI_MODEL,
    ("Model.Containers[].Mode", "MultiModel"): _MULTI_MODEL,
}
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Additions:
    """Parts of the API's requests, as they were given."""

    model: dict[str, object] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)
    tags: list[object] = field(default_factory=list)

    @classmethod
    def read(cls, reader: PropertyReader) -> "Additions":
        """Whatever of the property has the right shape; `reader` hears of the rest."""
        document = reader.json_object(PROPERTY)
        for name, value in document.items():
            if name not in _SECTIONS:
                reader.refuse(f"{PROPERTY}.{name} is not known; it has {', '.join(_SECTIONS)}")
            elif not isinstance(value, _SECTIONS[name]):
                kind = "a list" if _SECTIONS[name] is list else "a JSON object"
                reader.refuse(f"{PROPERTY}.{name} must be {kind}")
        model, config, tags = (document.get(name) for name in _SECTIONS)
        additions = cls(
            model if isinstance(model, dict) else {},
            config if isinstance(config, dict) else {},
            tags if isinstance(tags, list) else [],
        )
        for path, why in additions._refusals():
            reader.refuse(f"{PROPERTY}.{path}: {why}")
        return additions._well_shaped(reader)

    @property
    def empty(self) -> bool:
        return not (self.model or self.config or self.tags)

    @property
    def container(self) -> dict[str, object]:
        """What the only container has besides image, artifact and environment."""
        primary = self.model.get("PrimaryContainer", {})
        return primary if isinstance(primary, dict) else {}

    @property
    def containers(self) -> list[dict[str, object]]:
        """All of them, when there are several."""
        several = self.model.get("Containers", [])
        return several if isinstance(several, list) else []

    @property
    def variant(self) -> dict[str, object]:
        variants = self.config.get("ProductionVariants", [])
        return variants[0] if isinstance(variants, list) and variants else {}

    def _refusals(self) -> Iterator[tuple[str, str]]:
        for path, value in (*_walk(self.model, "Model"), *_walk(self.config, "EndpointConfig")):
            pattern = _INDEX.sub("[]", path)
            if pattern in REFUSED:
                yield path, REFUSED[pattern]
            elif isinstance(value, str) and (pattern, value) in _REFUSED_VALUES:
                yield path, _REFUSED_VALUES[pattern, value]

    def _well_shaped(self, reader: PropertyReader) -> "Additions":
        """Without the parts that nothing could be merged with."""
        model, config = dict(self.model), dict(self.config)
        if not isinstance(model.get("PrimaryContainer", {}), dict):
            reader.refuse(f"{PROPERTY}.Model.PrimaryContainer must be a JSON object")
            del model["PrimaryContainer"]
        if not _objects(model.get("Containers", [{}])):
            reader.refuse(f"{PROPERTY}.Model.Containers must be a list of JSON objects")
            del model["Containers"]
        variants = config.get("ProductionVariants", [{}])
        if not _objects(variants) or (isinstance(variants, list) and len(variants) != 1):
            reader.refuse(
                f"{PROPERTY}.EndpointConfig.ProductionVariants must be a list of one JSON object: "
                "the relay's endpoint has one variant"
            )
            del config["ProductionVariants"]
        return Additions(model, config, self.tags)


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every member below `value`, however deep, with its path."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}.{name}", member
            yield from _walk(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _walk(member, f"{path}[{index}]")


def _objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(m, dict) for m in value)

"""`EndpointSpecification`: members of SageMaker's API that have no property of their own.

One JSON object with up to three members: `Model` (as in CreateModel), `EndpointConfig` (as in
CreateEndpointConfig) and `Tags`. Members that have a parameter, that the relay sets, or that an
asynchronous endpoint cannot have are refused here, with what to do instead. The API's model checks
the others like every request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.provision.specification.endpoint_properties import (
    ENDPOINT_PROPERTIES,
    PROPERTY,
    STACK_TAG,
)
from relay.provision.specification.properties import PropertyReader

_SECTIONS: Final = {"Model": dict, "EndpointConfig": dict, "Tags": list}

_COMPONENTS = "for inference components only, which do not support asynchronous inference"
_PACKAGE = (
    "the relay creates models from images and artifacts, and AWS Marketplace images do not support "
    "asynchronous inference: set ImageUri and ModelDataUrl to what DescribeModelPackage shows"
)
_MULTI_MODEL = "InvokeEndpointAsync cannot name a model: an asynchronous endpoint serves one"
_CONTAINER_OF_ONES_OWN = {
    "ModelPackageName": _PACKAGE,
    "InferenceSpecificationName": _PACKAGE,
    "MultiModelConfig": _MULTI_MODEL,
}
_VARIANT = "EndpointConfig.ProductionVariants[]"

# Why a member is refused, by its path.
REFUSED: Final[Mapping[str, str]] = {
    **{member: each.instead for each in ENDPOINT_PROPERTIES for member in each.members},
    **{f"Model.PrimaryContainer.{name}": why for name, why in _CONTAINER_OF_ONES_OWN.items()},
    **{f"Model.Containers[].{name}": why for name, why in _CONTAINER_OF_ONES_OWN.items()},
    "EndpointConfig.ExecutionRoleArn": _COMPONENTS,
    "EndpointConfig.VpcConfig": f"{_COMPONENTS}; for the model use {PROPERTY}.Model.VpcConfig",
    "EndpointConfig.EnableNetworkIsolation": (
        f"{_COMPONENTS}; for the model use {PROPERTY}.Model.EnableNetworkIsolation"
    ),
    "EndpointConfig.ShadowProductionVariants": "shadow tests exclude asynchronous endpoints",
    "EndpointConfig.ExplainerConfig": "SageMaker explains real-time inferences only",
    f"{_VARIANT}.VariantName": "the relay sets AllTraffic, so that an update keeps the capacity",
    f"{_VARIANT}.InstancePools": (
        "the relay's endpoint has one instance type: use the parameter InstanceType"
    ),
    f"{_VARIANT}.AcceleratorType": "Elastic Inference is no longer available",
    f"{_VARIANT}.ServerlessConfig": "serverless endpoints do not support asynchronous inference",
    f"{_VARIANT}.ManagedInstanceScaling": (
        f"{_COMPONENTS}; scale with the parameters MinInstanceCount and MaxInstanceCount"
    ),
}
# Values that no asynchronous endpoint can have, by the path of their member.
_REFUSED_VALUES: Final[Mapping[tuple[str, str], str]] = {
    ("Model.InferenceExecutionConfig.Mode", "Direct"): (
        "InvokeEndpointAsync cannot name a container; set Mode to Serial"
    ),
    ("Model.PrimaryContainer.Mode", "MultiModel"): _MULTI_MODEL,
    ("Model.Containers[].Mode", "MultiModel"): _MULTI_MODEL,
}
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Additions:
    """Members of the API's requests, as given."""

    model: dict[str, object] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)
    tags: list[object] = field(default_factory=list)

    @classmethod
    def read(cls, reader: PropertyReader) -> "Additions":
        """Read the parts of the expected types; `reader` collects the problems of the others."""
        document = reader.json_object(PROPERTY)
        for name, value in document.items():
            if name not in _SECTIONS:
                hint = f"is not known; the members are {', '.join(_SECTIONS)}"
                reader.refuse(f"{PROPERTY}.{name}", hint)
            elif not isinstance(value, _SECTIONS[name]):
                kind = "a list" if _SECTIONS[name] is list else "a JSON object"
                reader.refuse(f"{PROPERTY}.{name}", f"must be {kind}")
        model, config, tags = (document.get(name) for name in _SECTIONS)
        additions = cls(
            model if isinstance(model, dict) else {},
            config if isinstance(config, dict) else {},
            tags if isinstance(tags, list) else [],
        )
        for path, why in additions._refusals():
            reader.refuse(f"{PROPERTY}.{path}", why, ": ")
        return additions._well_shaped(reader)._with_properties(reader)

    @property
    def empty(self) -> bool:
        return not (self.model or self.config or self.tags)

    @property
    def container(self) -> dict[str, object]:
        """Members of the only container besides image, artifact and environment."""
        primary = self.model.get("PrimaryContainer", {})
        return primary if isinstance(primary, dict) else {}

    @property
    def containers(self) -> list[dict[str, object]]:
        """The containers of a model with several, else none."""
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
        for index, tag in enumerate(self.tags):
            # IAM ignores the case of a key.
            if isinstance(tag, dict) and str(tag.get("Key")).lower() == STACK_TAG:
                yield f"Tags[{index}].Key", "the relay sets this tag, on which permissions depend"

    def _well_shaped(self, reader: PropertyReader) -> "Additions":
        """Return the additions without the parts of a wrong type, which cannot be merged."""
        model, config = dict(self.model), dict(self.config)
        if not isinstance(model.get("PrimaryContainer", {}), dict):
            reader.refuse(f"{PROPERTY}.Model.PrimaryContainer", "must be a JSON object")
            del model["PrimaryContainer"]
        if not _objects(model.get("Containers", [{}])):
            reader.refuse(f"{PROPERTY}.Model.Containers", "must be a list of JSON objects")
            del model["Containers"]
        variants = config.get("ProductionVariants", [{}])
        if not _objects(variants) or (isinstance(variants, list) and len(variants) != 1):
            reader.refuse(
                f"{PROPERTY}.EndpointConfig.ProductionVariants",
                "must be a list of one JSON object: the relay's endpoint has one variant",
            )
            del config["ProductionVariants"]
        return Additions(model, config, self.tags)

    def _with_properties(self, reader: PropertyReader) -> "Additions":
        """Return the additions with the properties that go into a request unchanged."""
        sections = {"Model": self.model, "EndpointConfig": self.config}
        for each in ENDPOINT_PROPERTIES:
            if each.passed_on and each.form and reader.given(each.name):
                value = reader.formed(each.name, each.form)
                for member in each.members:
                    section, *steps = member.split(".")
                    sections[section] = _put(sections[section], steps, value)
        return Additions(sections["Model"], sections["EndpointConfig"], self.tags)


def _put(request: dict[str, object], steps: list[str], value: object) -> dict[str, object]:
    """Return the request with a value at a path; `Name[]` is the first member of a list."""
    name, rest = steps[0].removesuffix("[]"), steps[1:]
    if rest:
        inner = request.get(name)
        listed = name != steps[0]
        part = inner[0] if listed and isinstance(inner, list) else inner
        value = _put(part if isinstance(part, dict) else {}, rest, value)
        value = [value] if listed else value
    return {**request, name: value}


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield every member below `value`, at any depth, with its path."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}.{name}", member
            yield from _walk(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _walk(member, f"{path}[{index}]")


def _objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(m, dict) for m in value)

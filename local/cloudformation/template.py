"""A template as CloudFormation gets it: SAM's resources transformed, globals merged in."""

import copy
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import intrinsics_multi_constructor

from local.cloudformation.intrinsics import constants, references
from local.cloudformation.parameters import values

# CloudFormation's maximum for the name of a stack.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
LONGEST_STACK_NAME = 128


# libyaml, where PyYAML has it, takes a tenth of the time.
class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Reads the short forms of intrinsic functions, as SAM does."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


@dataclass(frozen=True)
class Template:
    """`document` is as written, with intrinsic functions in their long form.

    `longest_stack_name` is what its documentation allows; `metrics` are those that its functions
    publish, by namespace; `capabilities` are those that its deployment acknowledges.
    """

    document: Mapping[str, Any]
    longest_stack_name: int = LONGEST_STACK_NAME
    metrics: Mapping[str, frozenset[str]] = field(default_factory=dict)
    capabilities: frozenset[str] | None = None
    _values: dict[tuple[str, bool], Sequence[Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, **known: Any) -> "Template":
        written = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a safe loader
        return cls(json.loads(json.dumps(written)), **known)

    @cached_property
    def transformed(self) -> dict[str, Any]:
        """After SAM's transformation, as the service does it."""
        document = copy.deepcopy(dict(self.document))
        for resource in document["Resources"].values():
            for local_path in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
                # `sam package` puts an object of a bucket here; the transformation insists on one.
                resource["Properties"][local_path] = "s3://packages/package.zip"
        if "Transform" not in document:
            return document
        with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
            done = transform(document, {}, mock.Mock(load=dict))
        plain: dict[str, Any] = json.loads(json.dumps(done))
        return plain

    @cached_property
    def constants(self) -> frozenset[int]:
        """The `id` of each part of `transformed` that is the same with any parameters."""
        return frozenset(constants(self.transformed))

    def values(self, parameter: str, longest: bool) -> Sequence[Any]:
        """What to try a parameter with, as `local.cloudformation.parameters` says."""
        if (parameter, longest) not in self._values:
            self._values[parameter, longest] = values(
                parameter, self.parameters[parameter], self.conditions, longest
            )
        return self._values[parameter, longest]

    @property
    def parameters(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.transformed.get("Parameters", {})
        return found

    @property
    def conditions(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.transformed.get("Conditions", {})
        return found

    @property
    def resources(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.transformed["Resources"]
        return found

    @cached_property
    def dependencies(self) -> Mapping[str, frozenset[str]]:
        """What each resource waits for: what it references, on either side of any condition, and
        its DependsOn; not what those wait for."""
        found: dict[str, frozenset[str]] = {}
        for name, resource in self.resources.items():
            after = resource.get("DependsOn", [])
            named = {*([after] if isinstance(after, str) else after)}
            named |= set(references(resource.get("Properties", {})))
            found[name] = frozenset(named & self.resources.keys() - {name})
        return found

    def waits_for(self, later: str, earlier: str) -> bool:
        """Whether one resource is made only once the other is there."""
        seen: set[str] = set()
        pending = [later]
        while pending:
            for each in self.dependencies.get(pending.pop(), frozenset()) - seen:
                if each == earlier:
                    return True
                seen.add(each)
                pending.append(each)
        return False

"""The intrinsic functions of CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping
from typing import Any

ABSENT = object()
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


class Evaluation(ABC):
    """Evaluates what a template writes. Its subclass knows parameters and resources.

    `constants` are the ids of values in the template that are known to have no function in them.
    """

    def __init__(self, constants: Container[int] = ()) -> None:
        self._constants = constants
        self._held: dict[str, bool] = {}
        self._resolved: dict[int, tuple[Any, Any]] = {}

    @property
    @abstractmethod
    def document(self) -> Mapping[str, Any]:
        """The template after its transformation."""

    @abstractmethod
    def reference(self, name: str) -> Any:
        """The value of a Ref, ABSENT for AWS::NoValue."""

    @abstractmethod
    def attribute(self, name: str, attribute: str | None) -> Any:
        """The value of an attribute of a resource; of its Ref for None."""

    def exists(self, name: str) -> bool:
        """Whether the parameters create the resource."""
        condition = self.document["Resources"][name].get("Condition")
        return condition is None or self._is_met(condition)

    def holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": str(name)}:
                return self._is_met(name)
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::Or": list(inner)}:
                return any(self.holds(each) for each in inner)
            case {"Fn::And": list(inner)}:
                return all(self.holds(each) for each in inner)
            case {"Fn::Equals": [one, other]}:
                return str(self.resolve(one)) == str(self.resolve(other))
        raise ValueError(f"not a condition: {condition}")

    def _is_met(self, condition: str) -> bool:
        if condition not in self._held:
            self._held[condition] = self.holds(self.document["Conditions"][condition])
        return self._held[condition]

    def resolve(self, value: Any) -> Any:
        """Without any intrinsic function; what AWS::NoValue stands for is left out."""
        if not isinstance(value, (dict, list)) or id(value) in self._constants:
            return value
        if id(value) not in self._resolved:
            # Kept with the value itself, so that nothing else gets its id meanwhile.
            self._resolved[id(value)] = value, self._resolve(value)
        return self._resolved[id(value)][1]

    def _resolve(self, value: Any) -> Any:
        found = self.shallow(value)
        if isinstance(found, dict):
            members = {key: self.resolve(each) for key, each in found.items()}
            return {key: each for key, each in members.items() if each is not ABSENT}
        if isinstance(found, list):
            members_of = [self.resolve(each) for each in found]
            return [each for each in members_of if each is not ABSENT]
        return found

    def shallow(self, value: Any) -> Any:
        """The value with its own function resolved, and those of its members left as they are."""
        if not isinstance(value, dict) or len(value) != 1:
            return value
        if not str(*value).startswith(("Ref", "Fn::")):
            return value
        match value:
            case {"Ref": str(name)}:
                return self.reference(name)
            case {"Fn::GetAtt": [str(name), attribute]}:
                return self.attribute(name, str(self.resolve(attribute)))
            case {"Fn::GetAtt": str(text)}:
                return self.attribute(*text.split(".", 1))
            case {"Fn::If": [str(name), then, otherwise]}:
                return self.shallow(then if self._is_met(name) else otherwise)
            case {"Fn::Sub": str(text)}:
                return self._substitute(text, {})
            case {"Fn::Sub": [str(text), dict(given)]}:
                return self._substitute(text, given)
            case {"Fn::Join": [str(glue), members]}:
                return glue.join(map(str, self.resolve(members)))
            case {"Fn::Select": [index, members]}:
                found = self.resolve(members)
                position = int(self.resolve(index))
                return found[position] if position < len(found) else ""
            case {"Fn::Split": [str(glue), text]}:
                return str(self.resolve(text)).split(glue)
            case {"Fn::FindInMap": [name, key, second, *_]}:
                return self._mapped(*map(self.resolve, (name, key, second)))
            case {"Fn::Base64": text}:
                return base64.b64encode(str(self.resolve(text)).encode()).decode()
            case {"Fn::ToJsonString": inner}:
                return json.dumps(self.resolve(inner))
            case {"Fn::Length": inner}:
                return len(self.resolve(inner))
            case {"Fn::ImportValue": inner}:
                return f"imported-{self.resolve(inner)}"
        return value

    def _mapped(self, name: str, key: str, second: str) -> Any:
        return self.document["Mappings"][name][key][second]

    def _substitute(self, text: str, given: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped:
                return "${" + name + "}"
            if name in given:
                return str(self.resolve(given[name]))
            resource, dot, attribute = name.partition(".")
            found = self.attribute(resource, attribute) if dot else self.reference(name)
            return ",".join(found) if isinstance(found, list) else str(found)

        return _SUBSTITUTION.sub(value, text)

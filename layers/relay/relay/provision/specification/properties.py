"""Typed values out of a custom resource's properties."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final, Self, TypeVar

from relay.errors import ConfigurationError
from relay.provision.specification.endpoint_properties import Form, Span
from relay.reading import REFUSED_LOCATION, Reader
from relay.s3uri import S3Uri

# Limits of ContainerDefinition.Environment in CreateModel.
_ENTRIES: Final = 100
ENTRY_BYTES: Final = 1024
# As in container definitions of Amazon ECS:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
VALUE_FROM: Final = "valueFrom"
# A hierarchy, so that the ARN of the parameter is "parameter" with the name behind it; perhaps
# with a version or a label.
_PARAMETER = re.compile(r"(/[a-zA-Z0-9_.@+=-]+)+(:[a-zA-Z0-9_.-]+)?")
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# CreateEndpointConfig, the deepest of the requests, has seven levels.
_LEVELS: Final = 12
# Longest S3OutputPath and S3FailurePath in AsyncInferenceOutputConfig.
_FOLDER_LENGTH: Final = 512
# A number as CloudFormation passes one, of as many digits as a double holds.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")


_Choice = TypeVar("_Choice", bound=str)
_Document = TypeVar("_Document", dict[str, object], list[object])


class PropertyReader(Reader):
    """Properties, as typed values. CloudFormation passes every scalar as a string."""

    null_is_absent = False

    def raise_problems(self) -> None:
        """Raise ConfigurationError with every problem in one message."""
        self.check(ConfigurationError, "the endpoint's properties are wrong: ")

    def value(self, name: str) -> str:
        """The property, or "" where it is not given."""
        return self.optional_text(name) or ""

    def formed(self, name: str, form: Form | Span) -> str | int:
        if isinstance(form, Span):
            return self.whole_number(name, form.minimum, form.maximum)
        return self.matching(name, form.pattern, form.words)

    def given(self, name: str) -> bool:
        """Whether the property says anything."""
        return self.members.get(name, "") not in ("", [], [""])

    def number(self, name: str, minimum: int, default: int) -> int | float:
        """A number that need not be whole. The default stands in for an empty one."""
        value = self.value(name) or str(default)
        written = _NUMBER.fullmatch(value)
        number = (float(value) if written[1] else int(value)) if written else minimum - 1
        if number < minimum:
            form = "in decimal notation with at most 15 digits before the point"
            self.refuse(name, f"must be a number of at least {minimum} {form}, not {value!r}")
        return number

    def folder(self, name: str) -> S3Uri:
        """An S3 folder, with or without its last slash; the result always has it."""
        value = self.value(name)
        try:
            uri = S3Uri.parse(value.removesuffix("/") + "/")
        except ValueError:
            uri = REFUSED_LOCATION
        if not uri.key.strip("/") or len(value) > _FOLDER_LENGTH:
            self.refuse(
                name,
                "must be an S3 folder such as s3://bucket/outputs "
                f"of at most {_FOLDER_LENGTH} characters, not {value!r}",
            )
        return uri

    def inputs(self) -> tuple[S3Uri, ...]:
        """The folders of inputs, which `Custom::Locations` has checked."""
        bucket = self.value("InputBucketName")
        try:
            return tuple(S3Uri(bucket, each) for each in self.texts("InputPrefixes") if bucket)
        except ValueError as error:
            self.refuse("InputPrefixes", f"is {error}")
            return ()

    def choices(self, name: str, allowed: Sequence[_Choice]) -> tuple[_Choice, ...]:
        """A list of some of `allowed`; CloudFormation passes an empty parameter as `[""]`."""
        chosen = self.texts(name)
        unknown = [entry for entry in chosen if entry not in allowed]
        if unknown:
            self.refuse(name, f"may hold {' and '.join(allowed)}, not {', '.join(unknown)}")
        return tuple(entry for entry in allowed if entry in chosen)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; CloudFormation passes an empty parameter as `[""]`."""
        value = self.members.get(name, [])
        given = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, str) for entry in given):
            self.refuse(name, "must be a list of strings")
        return tuple(entry.strip() for entry in given if isinstance(entry, str) and entry.strip())

    def json_object(self, name: str) -> dict[str, object]:
        """A JSON object in a string; an empty string is an empty one."""
        return self._json(name, dict, "one JSON object")

    def json_objects(self, name: str) -> Iterator[Self]:
        """A JSON list of objects in a string; an empty string is an empty one."""
        listed = self._json(name, list, "a JSON list of objects")
        yield from type(self)({name: listed}, self._path, self._problems).objects(name, least=0)

    def _json(self, name: str, kind: type[_Document], what: str) -> _Document:
        """The document in a string; an empty one where it is none of this kind."""
        written = self.value(name)
        try:
            document = json.loads(written, parse_constant=_refuse_constant) if written else kind()
        except (ValueError, RecursionError) as error:
            self.refuse(name, f"must be {what}: {error}")
            return kind()
        if not isinstance(document, kind):
            self.refuse(name, f"must be {what}")
            return kind()
        if _deeper_than(document, _LEVELS):
            self.refuse(name, f"is nested more than {_LEVELS} levels deep")
            return kind()
        return document

    def environment(self, name: str) -> dict[str, str]:
        """One JSON object of strings. Its values may be secrets: no message ever shows one.

        References are left out: `environment_references` has them.
        """
        document = self.json_object(name)
        environment: dict[str, str] = {}
        for key, value in document.items():
            if not _VARIABLE.fullmatch(key) or len(key) > ENTRY_BYTES:
                self.refuse(name, f"has the key {key[:40]!a}, which is no name of a variable")
            elif isinstance(value, dict):
                continue
            elif not isinstance(value, str):
                self.refuse(f"{name}.{key}", "must be a string: put it in quotes")
            elif _size(value) > ENTRY_BYTES:
                self.refuse(f"{name}.{key}", f"is longer than {ENTRY_BYTES} bytes")
            else:
                environment[key] = value
        if len(document) > _ENTRIES:
            self.refuse(name, f"has {len(document)} entries; SageMaker takes {_ENTRIES}")
        return environment

    def environment_references(self, name: str) -> dict[str, str]:
        """The variables whose values are in Parameter Store, with the names of the parameters."""
        references: dict[str, str] = {}
        for key, value in self.json_object(name).items():
            if not isinstance(value, dict):
                continue
            parameter = value.get(VALUE_FROM)
            named = isinstance(parameter, str) and _PARAMETER.fullmatch(parameter)
            if named and len(value) == 1:
                references[key] = str(parameter)
            else:
                self.refuse(
                    f"{name}.{key}",
                    f'must be a string, or {{"{VALUE_FROM}": the name of a parameter}} such as '
                    "/fraud/api-key",
                )
        return references


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number in JSON")


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(member, levels - 1) for member in members)


def _size(text: str) -> int:
    """Bytes in UTF-8, in which an unpaired surrogate counts like any other character."""
    return len(text.encode(errors="surrogatepass"))

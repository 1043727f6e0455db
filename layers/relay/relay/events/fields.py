"""Typed reading of JSON that comes from outside. What is wrong in it is named by its path."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

from relay.errors import UnreadableMessage
from relay.s3uri import S3Uri

_Value = TypeVar("_Value")

# JSON can spell them, but no header, table or queue takes them.
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,15}")
# What JSON keeps exact everywhere; no number that the relay knows comes near it.
_LARGEST = 2**53


class Fields:
    """A JSON object whose members are taken out with the type they must have.

    The `optional_…` methods answer None where a member is absent or null; the others raise
    UnreadableMessage, also where a text or a list is empty. A member of another type always raises
    it.
    """

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise UnreadableMessage(f"{path or 'the message'} is not a JSON object")
        self._members = value
        self._path = path

    def names(self) -> list[str]:
        return [str(name) for name in self._members]

    def text(self, name: str) -> str:
        return self._required(name, self.optional_text(name) or None)

    def optional_text(self, name: str) -> str | None:
        value = self._members.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise UnreadableMessage(f"{self._at(name)} is not a string")
        if not value.isascii() and _SURROGATE.search(value):
            raise UnreadableMessage(f"{self._at(name)} holds half a character (a lone surrogate)")
        return value

    def optional_integer(self, name: str) -> int | None:
        value = self._members.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            raise UnreadableMessage(f"{self._at(name)} is not a whole number of at most 2^53")
        return value

    def optional_number(self, name: str) -> int | None:
        """A whole number that is written as a text, as SQS writes its attributes."""
        value = self.optional_text(name)
        if value is not None and not _DIGITS.fullmatch(value):
            raise UnreadableMessage(f"{self._at(name)} is not a whole number: {value!r}")
        return None if value is None else int(value)

    def optional_location(self, name: str) -> S3Uri | None:
        value = self.optional_text(name)
        try:
            return S3Uri.parse(value) if value else None
        except ValueError as error:
            raise UnreadableMessage(f"{self._at(name)}: {error}") from error

    def optional_time(self, name: str) -> datetime | None:
        """An ISO 8601 time, in UTC, with any number of fraction digits; UTC is also the default."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise UnreadableMessage(f"{self._at(name)} is not a time: {value!r}") from error

    def object(self, name: str) -> "Fields":
        return self._required(name, self.optional_object(name))

    def optional_object(self, name: str) -> "Fields | None":
        value = self._members.get(name)
        return None if value is None else Fields(value, self._at(name))

    def objects(self, name: str) -> Iterator["Fields"]:
        value = self._members.get(name)
        if not isinstance(value, list):
            raise UnreadableMessage(f"{self._at(name)} is not a list")
        if not value:
            raise UnreadableMessage(f"{self._at(name)} is empty")
        for index, member in enumerate(value):
            yield Fields(member, f"{self._at(name)}[{index}]")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _required(self, name: str, value: _Value | None) -> _Value:
        if value is None:
            raise UnreadableMessage(f"{self._at(name)} is missing")
        return value

"""Takes typed members out of JSON, properties and environments that come from outside.

A reader remembers every problem with the path of its member, such as `routes[2].to`, so that one
error names all of them. The class of the error is its user's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Self, TypeVar

from relay.s3uri import S3Uri

_Value = TypeVar("_Value")

# JSON can spell them, but no header, table or queue takes them.
SURROGATE = re.compile(r"[\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,15}")
# What JSON keeps exact everywhere; no number that the relay knows comes near it.
_LARGEST: Final = 2**53
# Stands in for a location that is refused.
REFUSED_LOCATION: Final = S3Uri("refused", "")
# Characters that a problem repeats of the name of an unknown member.
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what is wrong, at which member (`routes[2].when`).

    Where it lies within an expression, `expression` is its text and `position` the character,
    counted from 1. `separator` is a space where the text is a predicate: "is missing".
    """

    path: str
    text: str
    expression: str | None = None
    position: int | None = None
    separator: str = ": "

    def __str__(self) -> str:
        where = self.path
        if self.position is not None:
            where = f"{where}, character {self.position}"
        return f"{where}{self.separator}{self.text}" if where else self.text


class Reader:
    """An object whose members are taken out with the type they must have.

    The `optional_…` methods return None where a member is absent or null. The others refuse it, as
    they refuse an empty string. Where a member is refused, the value that stands in for it is
    empty: ask `problems`, or let `check` raise, before anything is done with what was read.
    """

    # What a problem with the whole is said of.
    whole: ClassVar[str] = "the message"
    null_is_absent: ClassVar[bool] = True

    def __init__(
        self, value: object, path: str = "", problems: dict[Problem, None] | None = None
    ) -> None:
        self._path = path
        # A dict keeps their order and drops a problem that was met twice.
        self._problems = {} if problems is None else problems
        self.members: Mapping[str, object] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.refuse("", f"must be a JSON object, not {kind_of(value)}")

    def __contains__(self, name: str) -> bool:
        return name in self.members

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order in which they were met, of every reader that came out of the same one."""
        return tuple(self._problems)

    def path_of(self, name: str) -> str:
        return ".".join(part for part in (self._path, name) if part)

    def refuse(self, name: str, text: str, separator: str = " ") -> None:
        """Remember a problem with a member; an empty name stands for the object itself."""
        path = self.path_of(name) or (self.whole if separator == " " else "")
        self.remember(Problem(path, text, separator=separator))

    def remember(self, problem: Problem) -> None:
        self._problems[problem] = None

    def has_refused(self, name: str) -> bool:
        """Whether there is a problem with the member, or below it, already."""
        path = self.path_of(name)
        return any(
            problem.path.startswith(path) and not problem.path[len(path) :][:1].isalnum()
            for problem in self._problems
        )

    def check(self, error: Callable[[str], Exception], preface: str = "") -> None:
        """Raise the error with every problem in one message, if there is one."""
        if self._problems:
            raise error(preface + "; ".join(map(str, self._problems)))

    def only(self, known: Iterable[str], hint: Callable[[str], str]) -> None:
        """Refuse every other member. `hint` says what to write instead of a name."""
        for name in map(str, self.members):
            if name not in known:
                self.refuse(printable(name[:_LONGEST_NAME]), f"is not known; {hint(name)}")

    def _part(self, value: object, name: str) -> Self | None:
        if isinstance(value, Mapping):
            return type(self)(value, self.path_of(name), self._problems)
        self.refuse(name, f"must be a JSON object, not {kind_of(value)}")
        return None

    def _absent(self, name: str) -> bool:
        empty = self.members.get(name) is None
        return empty and (self.null_is_absent or name not in self.members)

    def _typed(self, name: str, kind: type[_Value], what: str) -> _Value | None:
        if self._absent(name):
            return None
        value = self.members[name]
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        self.refuse(name, f"must be {what}, not {kind_of(value)}")
        return None

    # --- members ---------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if not value and not self.has_refused(name):
            self.refuse(name, "is missing")
        return value or ""

    def optional_text(self, name: str, what: str = "a string") -> str | None:
        value = self._typed(name, str, what)
        if value and not value.isascii() and SURROGATE.search(value):
            self.refuse(name, "contains an unpaired surrogate")
            return None
        return value

    def matching(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        value = self.text(name)
        if value and not pattern.fullmatch(value):
            self.refuse(name, f"must be {what}, not {value!r}")
        return value

    def whole_number(
        self, name: str, minimum: int, maximum: int | None = None, default: int | None = None
    ) -> int:
        """A whole number that is written as a string. The default stands in for an empty one."""
        value = self.optional_text(name) or ""
        if not value and default is not None:
            return default
        number = int(value) if _DIGITS.fullmatch(value) else -1
        if number >= minimum and (maximum is None or number <= maximum):
            return number
        span = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        self.refuse(name, f"must be a whole number {span}, not {value!r}")
        return -1 if default is None else default

    def optional_integer(self, name: str) -> int | None:
        value = self._typed(name, int, "a whole number of at most 2^53")
        if value is not None and abs(value) > _LARGEST:
            self.refuse(name, "must be a whole number of at most 2^53")
            return None
        return value

    def optional_number(self, name: str) -> float | None:
        if self._absent(name):
            return None
        value = self.members[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) <= _LARGEST:  # NaN is not
                return float(value)
            self.refuse(name, "must be a number of at most 2^53")
            return None
        self.refuse(name, f"must be a number, not {kind_of(value)}")
        return None

    def optional_location(self, name: str) -> S3Uri | None:
        value = self.optional_text(name)
        try:
            return S3Uri.parse(value) if value else None
        except ValueError as error:
            self.refuse(name, f"is {error}")
            return None

    def optional_time(self, name: str) -> datetime | None:
        """An ISO 8601 time, in UTC, with any number of fraction digits; UTC is also the default."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.refuse(name, "must be a time in ISO 8601")
            return None

    def object(self, name: str) -> Self:
        found = self.optional_object(name)
        if found is None and not self.has_refused(name):
            self.refuse(name, "is missing")
        return found or type(self)({}, self.path_of(name), self._problems)

    def optional_object(self, name: str) -> Self | None:
        return None if self._absent(name) else self._part(self.members[name], name)

    def objects(self, name: str, least: int = 1) -> Iterator[Self]:
        """A list of at least so many objects. What is no object is refused and left out."""
        value = self._typed(name, list, "a list")
        if not self.has_refused(name) and len(value or ()) < least:
            self.refuse(name, "is missing" if value is None else "is empty")
        for index, each in enumerate(value or ()):
            if (part := self._part(each, f"{name}[{index}]")) is not None:
                yield part


def kind_of(value: object) -> str:
    """What a JSON value is, without repeating it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def texts(value: object) -> list[str]:
    """A list of strings; CloudFormation makes of an empty one a list of one empty string."""
    return [text for text in value if text] if isinstance(value, list) else []


def printable(text: str) -> str:
    """The text with escapes for unpaired surrogates, which cannot be logged or sent."""
    return text.encode("utf-8", "backslashreplace").decode()

"""Reads JSON documents into frozen dataclasses, strictly.

A misspelt fault that is silently ignored makes a test pass for the wrong reason, so unknown
members, wrong types and values out of range are all refused, together.
"""

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

from async_endpoint_emulator.errors import InvalidConfiguration

T = TypeVar("T")
N = TypeVar("N", int, float)


def probability(default: float = 0.0) -> float:
    """A dataclass field between 0 and 1."""
    return within(0.0, 1.0, default)


def within(low: float, high: float, default: N) -> N:
    """A dataclass field with an inclusive range; a whole number if its default is one."""
    value: N = field(default=default, metadata={"range": (low, high)})
    return value


def read_document(cls: type[T], document: object) -> T:
    """Builds `cls`, a dataclass whose members all have defaults, from a JSON object.

    Raises:
        InvalidConfiguration: names every member that is unknown, of the wrong type or out of range.
    """
    problems: list[str] = []
    result = _read(cls, document, "", problems)
    if problems:
        raise InvalidConfiguration("; ".join(problems))
    return result


def _read(cls: type[T], document: object, where: str, problems: list[str]) -> T:
    if not isinstance(document, Mapping):
        problems.append(f"{where or 'the document'} must be a JSON object")
        return cls()
    known = {member.name: member for member in fields(cls)}  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for name, value in document.items():
        path = f"{where}.{name}" if where else str(name)
        member = known.get(name)
        if member is None:
            problems.append(f"{path} is unknown (known: {', '.join(sorted(known))})")
            continue
        default = getattr(cls(), name)
        if is_dataclass(default):
            arguments[name] = _read(type(default), value, path, problems)
        elif problem := _problem(value, default, member.metadata.get("range")):
            problems.append(f"{path} {problem}, not {value!r}")
        else:
            arguments[name] = float(value) if isinstance(default, float) else value
    return cls(**arguments)


def _problem(value: object, default: object, limits: tuple[float, float] | None) -> str | None:
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "must be true or false"
    if isinstance(default, int | float):
        wanted = (int,) if isinstance(default, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            return "must be a whole number" if isinstance(default, int) else "must be a number"
        if limits and not limits[0] <= value <= limits[1]:
            return f"must be between {limits[0]} and {limits[1]}"
        return None
    if isinstance(default, str):
        return None if isinstance(value, str) else "must be a string"
    strings = isinstance(value, Mapping) and all(
        isinstance(text, str) for pair in value.items() for text in pair
    )
    return None if strings else "must be an object of strings"

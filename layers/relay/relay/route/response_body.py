"""The model's response as a member of the result: JSON, text or base64, as `encoding` says.

JSON stays JSON, so that a route can evaluate it and a consumer parses once. A response that not
every JSON parser reads (NaN, numbers beyond a double, unpaired surrogates, deep nesting) becomes
text, and a response that is not UTF-8 becomes base64. An integer that a double does not hold stays
JSON, and `inexact_integers` points at it: a parser that reads numbers as doubles rounds it.
"""

import base64
import json
import re
from collections.abc import Iterator
from math import isinf

# Above the depth of usual responses; parsers of other languages have limits from 64.
_MAX_DEPTH = 50
# A double holds every integer of fewer digits.
_LONG_INTEGER = re.compile(r"[0-9]{16}")
_MAX_POINTERS = 100


def to_body(content: bytes, content_type: str | None) -> dict[str, object]:
    """Return the body of a response. JSON needs a JSON content type.

    `inexact_integers` are JSON Pointers (RFC 6901) into `content`, at most 100 of them, and absent
    where there are none.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"encoding": "base64", "content": base64.b64encode(content).decode()}
    if _is_json(content_type):
        try:
            value = _parsed(text)
            body = {"encoding": "json", "content": value}
            inexact = list(_inexact(value)) if _LONG_INTEGER.search(text) else []
            return {**body, "inexact_integers": inexact[:_MAX_POINTERS]} if inexact else body
        except (ValueError, RecursionError):
            pass  # it becomes text
    return {"encoding": "text", "content": text}


def _is_json(content_type: str | None) -> bool:
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _parsed(text: str) -> object:
    """Parse JSON. Raise ValueError, or RecursionError, if not every parser would read it."""
    value: object = json.loads(text, parse_float=_finite, parse_constant=_no_number)
    if "\\u" in text:
        # An unpaired surrogate has no encoding; UnicodeEncodeError is a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return value
    raise ValueError("nested too deeply")


def _containers(value: object) -> Iterator[object]:
    members = value.values() if isinstance(value, dict) else value
    if isinstance(members, str) or not hasattr(members, "__iter__"):
        return iter(())
    return (member for member in members if isinstance(member, (dict, list)))


def _inexact(value: object, pointer: str = "") -> Iterator[str]:
    """Yield JSON Pointers of integers that a double rounds. Raise ValueError beyond a double."""
    match value:
        case bool():
            pass
        case int():
            if _double(value) != value:
                yield pointer
        case list():
            for index, element in enumerate(value):
                yield from _inexact(element, f"{pointer}/{index}")
        case dict():
            for name, member in value.items():
                escaped = name.replace("~", "~0").replace("/", "~1")
                yield from _inexact(member, f"{pointer}/{escaped}")


def _double(number: int) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise ValueError("an integer is beyond a double") from error


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text[:30]} is beyond a double")
    return number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")

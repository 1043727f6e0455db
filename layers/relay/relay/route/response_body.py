"""The model's response as a member of the result: JSON, text or base64, as `encoding` says.

JSON stays JSON, so that a route can evaluate it and a consumer parses once. A response that not
every JSON parser reads (NaN, numbers beyond a double, unpaired surrogates, deep nesting) becomes
text, and a response that is not UTF-8 becomes base64. An integer that a double does not hold stays
JSON, and `inexact_integers` points at it: a parser that reads numbers as doubles rounds it. A
decimal that a double does not hold is rounded here, and `inexact_decimals` points at it.
"""

import base64
import json
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from math import isinf

# Above the depth of usual responses; parsers of other languages have limits from 64.
_MAX_DEPTH = 50
# A double holds every integer of fewer digits.
_LONG_INTEGER = re.compile(r"[0-9]{16}")
# What a decimal that a double may not hold has: many digits, or an exponent near or below that of
# the smallest double.
_LONG_DECIMAL = re.compile(r"[0-9.]{16}|[eE]-0*[0-9]{3}")
# A double holds every decimal of so many digits.
_HELD_DIGITS = 15
_MAX_POINTERS = 100


def to_body(content: bytes, content_type: str | None) -> dict[str, object]:
    """Return the body of a response. JSON needs a JSON content type.

    `inexact_integers` and `inexact_decimals` are JSON Pointers (RFC 6901) into `content`, at most
    100 of each, and absent where there are none.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"encoding": "base64", "content": base64.b64encode(content).decode()}
    if _is_json(content_type):
        try:
            value = _parsed(text)
            body = {"encoding": "json", "content": value}
            if _LONG_INTEGER.search(text) and (inexact := list(_pointers(value, _inexact))):
                body["inexact_integers"] = inexact[:_MAX_POINTERS]
            if _LONG_DECIMAL.search(text):
                decimals = json.loads(text, parse_float=_Notation)
                if inexact := list(_pointers(decimals, _rounded)):
                    body["inexact_decimals"] = inexact[:_MAX_POINTERS]
            return body
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


class _Notation(str):
    """The text of a number with a fraction or an exponent."""

    __slots__ = ()


def _pointers(value: object, wanted: Callable[[object], bool], pointer: str = "") -> Iterator[str]:
    """Yield JSON Pointers of the numbers and strings that are wanted."""
    match value:
        case list():
            for index, element in enumerate(value):
                yield from _pointers(element, wanted, f"{pointer}/{index}")
        case dict():
            for name, member in value.items():
                escaped = name.replace("~", "~0").replace("/", "~1")
                yield from _pointers(member, wanted, f"{pointer}/{escaped}")
        case _ if wanted(value):
            yield pointer


def _inexact(value: object) -> bool:
    """Whether it is an integer that a double rounds. Raise ValueError beyond a double."""
    return isinstance(value, int) and not isinstance(value, bool) and _double(value) != value


def _rounded(value: object) -> bool:
    """Whether it is a decimal of which a double loses digits.

    A double that was written with more digits than it needs, such as 0.10000000000000001, loses
    none.
    """
    if not isinstance(value, _Notation):
        return False
    number = float(value)
    digits = value.lower().partition("e")[0].replace(".", "").lstrip("-0")
    if number == 0:
        return digits != ""
    if len(digits) <= _HELD_DIGITS and abs(number) >= sys.float_info.min:
        return False
    exact = Decimal(value)
    return exact not in (Decimal(repr(number)), Decimal(f"{number:.{len(digits) - 1}e}"))


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

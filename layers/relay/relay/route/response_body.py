"""The model's response as a member of the result: JSON, text or base64, as `encoding` says.

JSON stays JSON, so that a route can evaluate it and a consumer parses once. A response that not
every JSON parser reads (NaN, numbers beyond a double, unpaired surrogates, deep nesting) becomes
text, and a response that is not UTF-8 becomes base64.
"""

import base64
import json
from collections.abc import Iterator
from math import isinf

# Above the depth of usual responses; parsers of other languages have limits from 64.
_MAX_DEPTH = 50


def to_body(content: bytes, content_type: str | None) -> dict[str, object]:
    """Return `encoding` and `content` of a response. JSON needs a JSON content type."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"encoding": "base64", "content": base64.b64encode(content).decode()}
    if _is_json(content_type):
        try:
            return {"encoding": "json", "content": _parsed(text)}
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


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text[:30]} is beyond a double")
    return number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")

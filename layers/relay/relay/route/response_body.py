"""The model's own answer, as a member of the result: as JSON, as text, or as base64.

JSON stays JSON, so that a route can look into it and a consumer need not parse twice. What JSON
cannot hold for everybody (NaN, numbers beyond a double, half characters, endless nesting) is text,
and what is no text is base64. `encoding` says which.
"""

import base64
import json
from collections.abc import Iterator
from math import isinf

# Deeper than any answer of a model; parsers of other languages give up at 64 or later.
_MAX_DEPTH = 50


def to_body(content: bytes, content_type: str | None) -> dict[str, object]:
    """`encoding` and `content` of an answer. Only what calls itself JSON is read as JSON."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"encoding": "base64", "content": base64.b64encode(content).decode()}
    if _is_json(content_type):
        try:
            return {"encoding": "json", "content": _parsed(text)}
        except (ValueError, RecursionError):
            pass  # It becomes text or base64.
    return {"encoding": "text", "content": text}


def _is_json(content_type: str | None) -> bool:
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _parsed(text: str) -> object:
    """Raises ValueError for what is not JSON, or not for every reader."""
    value: object = json.loads(text, parse_float=_finite, parse_constant=_no_number)
    if "\\u" in text:
        # A lone surrogate has no encoding; UnicodeEncodeError is a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return value
    raise ValueError("nested too deep")


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

"""What differs between two values, by the path of each member, so that a person sees it."""

from collections.abc import Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import Any

from relayctl.doctor.compare import canonical, same

# Of a text, in characters. Members of a longer list, and objects, are compared one by one.
_LONGEST = 200
# What is shown of two long texts before their first difference.
_BEFORE = 60
# Members by which one member of a list is the same as one of another list, though it was changed.
_IDENTITIES = ("Id", "Sid", "IndexName", "AttributeName", "Name", "Key")


def different(name: str, expected: Any, actual: Any) -> Iterator[str]:
    """Say what differs: the path of a member, and both of its values."""
    if same(expected, actual):
        return
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in sorted(expected.keys() | actual.keys()):
            yield from different(f"{name}.{key}", expected.get(key), actual.get(key))
    elif _are_lists(expected, actual) and not (_is_short(expected) and _is_short(actual)):
        for label, one, other in _pairs(expected, actual):
            yield from different(f"{name}[{label}]", one, other)
    else:
        wanted, found = _shown(_text(expected), _text(actual))
        yield f"{name} is {found}, not {wanted}"


def _are_lists(*values: Any) -> bool:
    return all(isinstance(each, list | tuple) for each in values)


def _is_short(values: Sequence[Any]) -> bool:
    """Whether a list is shown as a whole."""
    return len(_text(values)) <= _LONGEST and not any(isinstance(each, Mapping) for each in values)


def _pairs(expected: Sequence[Any], actual: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Return the members that are not in both lists, whose order does not matter.

    One of which the other list has another form comes with it, another one with None.
    """
    left = list(actual)
    wanted: list[tuple[int, Any]] = []
    for number, each in enumerate(expected):
        found = next((n for n, other in enumerate(left) if same(each, other)), None)
        if found is None:
            wanted.append((number, each))
        else:
            del left[found]
    for number, each in wanted:
        identity = _identity(each)
        partner = next((n for n, other in enumerate(left) if _identity(other) == identity), None)
        yield identity or str(number), each, None if partner is None else left.pop(partner)
    for number, each in enumerate(left, len(expected)):
        yield _identity(each) or str(number), None, each


def _identity(member: Any) -> str:
    """Return what names a member among the others; "" for one without a name."""
    names = member if isinstance(member, Mapping) else {}
    return next((str(names[each]) for each in _IDENTITIES if names.get(each)), "")


def _text(value: Any) -> str:
    return "absent" if value in (None, "", [], {}) else str(canonical(value))


def _shown(*texts: str) -> Iterator[str]:
    """Cut long texts so that their first difference is in what is shown."""
    equal = len(commonprefix(texts))
    start = equal - _BEFORE if equal > _LONGEST - _BEFORE else 0
    for text in texts:
        if len(text) <= _LONGEST:
            yield text
            continue
        end = start + _LONGEST - 3
        yield f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"

"""Hypothesis strategies for parts of SageMaker's requests, made of botocore's own shapes."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

Strategy = st.SearchStrategy[object]

# What a shape allows is not all that SageMaker asks of it.
_KNOWN: Mapping[str, Strategy] = {
    "S3ModelUri": st.just("s3://models/churn/"),
    "DestinationS3Uri": st.sampled_from(["s3://elsewhere/captured", "https://b/captured"]),
    "MetricPublishFrequencyInSeconds": st.sampled_from([10, 60, 300]),
    "ModelCompressionType": st.just("None"),
    "TagKey": st.text("abcdefgh", min_size=1, max_size=8),
    "TagValue": st.text("ab é+:", max_size=8),
}
# Texts that break a pattern, a length or an enumeration, and nothing else.
_ODD_TEXT = st.sampled_from(["", "_", "é", "a b", "-a", "a/", "s3:/x", "ALL", "a" * 2049, "\ud800"])
_ODD_NUMBER = st.one_of(st.sampled_from([-1, 0, 1, 59, 3601, 100_000]), st.floats(0, 1))
_JUNK: Strategy = st.one_of(
    st.none(), st.booleans(), _ODD_NUMBER, st.text(max_size=5), st.sampled_from([[], {}, ["x"]])
)


def documents(shape: Shape, path: str, refused: Callable[[str], bool]) -> Strategy:
    """What the shape allows, without the members whose path is refused; lists have few entries."""
    if isinstance(shape, StructureShape):
        members = {
            name: documents(member, f"{path}.{name}", refused)
            for name, member in shape.members.items()
            if not refused(f"{path}.{name}")
        }
        required = {name: members[name] for name in shape.required_members if name in members}
        optional = {name: each for name, each in members.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if isinstance(shape, ListShape):
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 3)
        return st.lists(
            documents(shape.member, f"{path}[]", refused), min_size=low, max_size=min(high, low + 2)
        )
    if isinstance(shape, MapShape):
        return st.dictionaries(_leaf(shape.key), _leaf(shape.value), max_size=3)
    return _leaf(shape)


def with_junk(document: object) -> Strategy:
    """The document with one of its members, however deep, replaced by something else.

    Draws pairs of the path of that member and the whole document.
    """
    members = _paths(document)
    leaves = {path: value for path, value in members.items() if not isinstance(value, dict | list)}
    anywhere = st.sampled_from([*members])
    return st.one_of(anywhere, st.sampled_from([*(leaves or members)])).flatmap(
        lambda path: _other_than(members[path]).map(
            lambda junk: (path, _replaced(document, path, junk))
        )
    )


def _other_than(value: object) -> Strategy:
    """Mostly something of the same type: what is wrong with its type is found soonest."""
    if isinstance(value, str):
        return st.one_of(_ODD_TEXT, _ODD_TEXT, _JUNK)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return st.one_of(_ODD_NUMBER, _ODD_NUMBER, _JUNK)
    return _JUNK


Path = tuple[str | int, ...]


def spelled(path: Path) -> str:
    """`Model.Containers[0].Image`"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@cache
def _leaf(shape: Shape) -> Strategy:
    limits = shape.metadata
    if shape.name in _KNOWN:
        return _KNOWN[shape.name]
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name in ("integer", "long"):
        return st.integers(limits.get("min", 0), limits.get("max", 1000))
    if shape.type_name in ("float", "double"):
        return st.floats(limits.get("min", 0), 1000, allow_nan=False)
    if limits.get("enum"):
        return st.sampled_from(limits["enum"])
    low, high = limits.get("min", 0), min(limits.get("max", 40), 40)
    if pattern := limits.get("pattern"):
        text: Strategy = st.from_regex(pattern, fullmatch=True).filter(
            lambda text: low <= len(text) <= limits.get("max", 40)
        )
        return text
    return st.text(st.characters(codec="utf-8"), min_size=low, max_size=high)


def _paths(document: object, here: Path = ()) -> dict[Path, object]:
    members: Mapping[Any, object] = {}
    if isinstance(document, dict):
        members = document
    elif isinstance(document, list):
        members = dict(enumerate(document))
    found: dict[Path, object] = {}
    for name, member in members.items():
        found |= {(*here, name): member, **_paths(member, (*here, name))}
    return found


def _replaced(document: object, path: Path, value: object) -> object:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(document, dict):
        return {**document, first: _replaced(document[first], rest, value)}
    assert isinstance(document, list)
    assert isinstance(first, int)
    return [*document[:first], _replaced(document[first], rest, value), *document[first + 1 :]]

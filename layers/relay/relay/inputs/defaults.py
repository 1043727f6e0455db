"""Defaults by prefix: what a request has that does not state it, by where its input lies.

{"inputs/fraud/": {"content_type": "application/json", "custom_attributes": "team=fraud",
                   "accept": "…", "ttl_seconds": 600, "timeout_seconds": 60}}
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from relay.inputs.limits import header_problems
from relay.model import InferenceRequest
from relay.reading import Problem, Reader

_MEMBERS: Final = ("accept", "content_type", "custom_attributes", "timeout_seconds", "ttl_seconds")


@dataclass(frozen=True, slots=True)
class RequestDefaults:
    """The defaults of one prefix. None leaves a member to the deployment's default."""

    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    ttl_seconds: int | None = None
    timeout_seconds: int | None = None

    def applied_to(self, request: InferenceRequest) -> InferenceRequest:
        """Return the request with these defaults for what it does not state itself."""
        own = request.custom_attributes
        return replace(
            request,
            content_type=request.content_type or self.content_type,
            accept=request.accept or self.accept,
            custom_attributes=self.custom_attributes if own is None else own,
            ttl_seconds=request.ttl_seconds or self.ttl_seconds,
            timeout_seconds=request.timeout_seconds or self.timeout_seconds,
        )


class _Document(Reader):
    whole = "the document"
    null_is_absent = False


def read_defaults(
    text: str, prefixes: Sequence[str]
) -> tuple[Mapping[str, RequestDefaults], tuple[Problem, ...]]:
    """Read a document whose members are prefixes at or below one of `prefixes`.

    Return the defaults of each, the longest prefix first, and every problem with the document.
    """
    try:
        document = _Document(json.loads(text, object_pairs_hook=_without_repeats))
    except (ValueError, RecursionError) as error:
        return {}, (Problem(_Document.whole, f"is not JSON: {error}", separator=" "),)
    found = {
        prefix: _defaults(document, prefix, prefixes)
        for prefix in sorted(document.members, key=len, reverse=True)
    }
    return found, document.problems


def _defaults(document: Reader, prefix: str, prefixes: Sequence[str]) -> RequestDefaults:
    if not prefix:
        document.refuse("", f"has an empty prefix; inputs have {', '.join(prefixes)}")
    elif not prefix.endswith("/"):
        document.refuse(prefix, "must end with a slash, so that it is no part of another name")
    elif not prefix.startswith(tuple(prefixes)):
        document.refuse(prefix, f"is not at or below a prefix of inputs: {', '.join(prefixes)}")
    reader = document.object(prefix)
    reader.only(_MEMBERS, lambda _: f"a prefix has {', '.join(_MEMBERS)}")
    defaults = RequestDefaults(
        content_type=reader.optional_text("content_type"),
        accept=reader.optional_text("accept"),
        custom_attributes=reader.optional_text("custom_attributes"),
        ttl_seconds=reader.optional_integer("ttl_seconds"),
        timeout_seconds=reader.optional_integer("timeout_seconds"),
    )
    for name, text in header_problems(defaults):
        reader.refuse(name, text)
    return defaults


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Raises ValueError: of two members with one name, JSON readers keep only one."""
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"an object names a member twice: {name!a}")
        members[name] = value
    return members

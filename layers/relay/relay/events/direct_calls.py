"""A direct call: one request or several, as JSON. The relay's own calls, on its submit queue, have
the same shape and further members.

    {"requests": [{"input_location": "s3://bucket/inputs/a.csv", "content_type": "text/csv",
                   "accept": "…", "custom_attributes": "…", "ttl_seconds": 600,
                   "timeout_seconds": 60, "request_id": "…"},
                  {"body": "1,2,3"}, {"body_base64": "…"}]}

One request alone may stand without the list around it, and the list without the object around it.
"""

import base64
import json
from collections.abc import Collection, Iterable
from typing import Final

from relay.errors import UnreadableMessage
from relay.ids import request_id_of_caller
from relay.model import InferenceRequest
from relay.reading import Reader

_MEMBERS: Final = (
    "accept",
    "body",
    "body_base64",
    "content_type",
    "custom_attributes",
    "input_location",
    "request_id",
    "timeout_seconds",
    "ttl_seconds",
)
# From others they would contradict what S3 and the ledger say: a request could have two attempts at
# a time.
_OWN_MEMBERS: Final = ("attempt", "etag", "requested_at", "size", "version_id")


def is_call(value: object) -> bool:
    """Whether a JSON value looks like a direct call at all."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_request, value))
    return _is_request(value) or (
        isinstance(value, dict) and isinstance(value.get("requests"), list)
    )


def _is_request(value: object) -> bool:
    return isinstance(value, dict) and any(name in value for name in (*_MEMBERS, *_OWN_MEMBERS))


def read_call(
    value: object, default_id: str, *, by_relay: bool = False
) -> tuple[InferenceRequest, ...]:
    """The requests of a direct call.

    Args:
        value: the parsed JSON.
        default_id: what ids are derived from where a request names none. The same for every
            delivery of the same call.
        by_relay: whether the relay may have written the call, with members of its own.

    Raises:
        UnreadableMessage: members have the wrong type or an unknown name; names all of them.
    """
    call = Reader({"requests": value} if isinstance(value, list) else value)
    readers: Iterable[Reader] = [call]
    if "requests" in call:
        call.only(("requests",), lambda _: "move it into each request")
        readers = call.objects("requests")
    known = (*_MEMBERS, *_OWN_MEMBERS) if by_relay else _MEMBERS
    requests = tuple(
        _request(reader, known, f"{default_id}/{n}") for n, reader in enumerate(readers)
    )
    call.check(UnreadableMessage)
    return requests


def _request(reader: Reader, known: Collection[str], default_id: str) -> InferenceRequest:
    def hint(name: str) -> str:
        return "the relay sets it" if name in _OWN_MEMBERS else f"a request has {all_known}"

    all_known = ", ".join(_MEMBERS)
    reader.only(known, hint)
    return InferenceRequest(
        id=request_id_of_caller(reader.optional_text("request_id") or default_id),
        location=reader.optional_location("input_location"),
        body=_body(reader),
        version_id=reader.optional_text("version_id"),
        etag=reader.optional_text("etag"),
        size=reader.optional_integer("size"),
        content_type=reader.optional_text("content_type"),
        accept=reader.optional_text("accept"),
        custom_attributes=reader.optional_text("custom_attributes"),
        ttl_seconds=reader.optional_integer("ttl_seconds"),
        timeout_seconds=reader.optional_integer("timeout_seconds"),
        requested_at=reader.optional_time("requested_at"),
        attempt=_attempt(reader),
    )


def _attempt(reader: Reader) -> int:
    number = reader.optional_integer("attempt")
    if number is not None and number < 1:
        reader.refuse("attempt", f"is {number}; attempts are counted from 1")
    return number or 1


def _body(reader: Reader) -> bytes | None:
    text, encoded = reader.optional_text("body"), reader.optional_text("body_base64")
    if encoded is None:
        return None if text is None else text.encode()
    if text is not None:
        reader.refuse("body_base64", "cannot be given together with body")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        reader.refuse("body_base64", f"is not base64: {error}")
        return None


def write_call(request: InferenceRequest) -> str:
    """The JSON of a call that makes the same request again, with its id."""
    body = None if request.body is None else base64.b64encode(request.body).decode()
    members = {
        "request_id": request.id,
        "attempt": request.attempt,
        "input_location": None if request.location is None else str(request.location),
        "body_base64": body,
        "version_id": request.version_id,
        "etag": request.etag,
        "size": request.size,
        "content_type": request.content_type,
        "accept": request.accept,
        "custom_attributes": request.custom_attributes,
        "ttl_seconds": request.ttl_seconds,
        "timeout_seconds": request.timeout_seconds,
        "requested_at": None if request.requested_at is None else request.requested_at.isoformat(),
    }
    return json.dumps({"requests": [{k: v for k, v in members.items() if v is not None}]})

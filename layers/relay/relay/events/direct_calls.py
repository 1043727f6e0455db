"""A direct call: one request or several, as JSON. The relay's own calls, on its submit queue, have
the same shape, `eventSource` and further members, and their ids are used as they are.

    {"requests": [{"input_location": "s3://bucket/inputs/a.csv", "content_type": "text/csv",
                   "accept": "…", "custom_attributes": "…", "ttl_seconds": 600,
                   "timeout_seconds": 60, "request_id": "…"},
                  {"body": "1,2,3"}, {"body_base64": "…"}]}

One request alone may stand without the list around it, and the list without the object around it.
"""

import base64
import json
from collections.abc import Iterable
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.sagemaker import RELAY
from relay.ids import is_id, request_id_of_call, request_id_of_caller
from relay.model import MOST_ATTEMPTS, InferenceRequest
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
_SOURCE: Final = "eventSource"


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
        by_relay: whether the call has the form of a message on the submit queue, where the relay
            may have written it.

    Raises:
        UnreadableMessage: members have the wrong type or an unknown name; names all of them.
    """
    call = Reader({"requests": value} if isinstance(value, list) else value)
    readers: Iterable[Reader] = [call]
    own = by_relay and call.members.get(_SOURCE) == RELAY
    if "requests" in call:
        top = ("requests", _SOURCE) if own else ("requests",)
        call.only(top, lambda _: "move it into each request")
        readers = call.objects("requests")
    requests = tuple(
        _request(
            reader,
            _own_id(reader) if own else _id(reader, default_id, number),
            own=own,
        )
        for number, reader in enumerate(readers)
    )
    call.check(UnreadableMessage)
    return requests


def _id(reader: Reader, default_id: str, number: int) -> str:
    own_id = reader.optional_text("request_id")
    return request_id_of_caller(own_id) if own_id else request_id_of_call(default_id, number)


def _own_id(reader: Reader) -> str:
    """Read the id that the relay has given a request before."""
    request_id = reader.text("request_id")
    if request_id and not is_id(request_id):
        reader.refuse("request_id", "is not an id of the relay")
    return request_id


def _request(reader: Reader, request_id: str, *, own: bool) -> InferenceRequest:
    def hint(name: str) -> str:
        return "the relay sets it" if name in _OWN_MEMBERS else f"a request has {all_known}"

    all_known = ", ".join(_MEMBERS)
    reader.only((*_MEMBERS, *_OWN_MEMBERS) if own else _MEMBERS, hint)
    return InferenceRequest(
        id=request_id,
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
        from_relay=own,
    )


def _attempt(reader: Reader) -> int:
    number = reader.optional_integer("attempt")
    if number is not None and not 1 <= number <= MOST_ATTEMPTS:
        reader.refuse("attempt", f"is {number}; attempts are counted from 1 to {MOST_ATTEMPTS}")
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
    """The JSON of the relay's call that makes the same request again, with its id."""
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
    present = {name: value for name, value in members.items() if value is not None}
    return json.dumps({_SOURCE: RELAY, "requests": [present]})

"""A direct call: one request or several, as JSON. The relay's own retries have the same shape.

    {"requests": [{"input_location": "s3://bucket/inputs/a.csv", "content_type": "text/csv",
                   "accept": "…", "custom_attributes": "…", "ttl_seconds": 600,
                   "timeout_seconds": 60, "request_id": "…"},
                  {"body": "1,2,3"}, {"body_base64": "…"}]}

One request alone may stand without the list around it, and the list without the object around it.
"""

import base64
import json

from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.ids import request_id_of_caller
from relay.model import InferenceRequest

_MEMBERS = frozenset(
    {
        "accept",
        "attempt",
        "body",
        "body_base64",
        "content_type",
        "custom_attributes",
        "input_location",
        "request_id",
        "requested_at",
        "size",
        "timeout_seconds",
        "ttl_seconds",
        "version_id",
    }
)


def is_call(value: object) -> bool:
    """Whether a JSON value looks like a direct call at all."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_request, value))
    return _is_request(value) or (
        isinstance(value, dict) and isinstance(value.get("requests"), list)
    )


def _is_request(value: object) -> bool:
    return isinstance(value, dict) and not _MEMBERS.isdisjoint(value)


def read_call(value: object, default_id: str) -> tuple[InferenceRequest, ...]:
    """The requests of a direct call.

    Args:
        value: the parsed JSON.
        default_id: what ids are derived from where a request names none. The same for every
            delivery of the same call.

    Raises:
        UnreadableMessage: a member has the wrong type or an unknown name.
    """
    if isinstance(value, dict) and "requests" in value:
        if len(value) > 1:
            beside = ", ".join(sorted(set(value) - {"requests"}))
            raise UnreadableMessage(f"put {beside} into the requests, not beside them")
        members = list(Fields(value).objects("requests"))
    elif isinstance(value, list):
        members = list(Fields({"requests": value}).objects("requests"))
    else:
        members = [Fields(value)]
    return tuple(_request(fields, f"{default_id}/{n}") for n, fields in enumerate(members))


def _request(fields: Fields, default_id: str) -> InferenceRequest:
    unknown = sorted(set(fields.names()) - _MEMBERS)
    if unknown:
        raise UnreadableMessage(
            f"a request has no member {', '.join(unknown)}; known are {', '.join(sorted(_MEMBERS))}"
        )
    return InferenceRequest(
        id=request_id_of_caller(fields.optional_text("request_id") or default_id),
        location=fields.optional_location("input_location"),
        body=_body(fields),
        version_id=fields.optional_text("version_id"),
        size=fields.optional_integer("size"),
        content_type=fields.optional_text("content_type"),
        accept=fields.optional_text("accept"),
        custom_attributes=fields.optional_text("custom_attributes"),
        ttl_seconds=fields.optional_integer("ttl_seconds"),
        timeout_seconds=fields.optional_integer("timeout_seconds"),
        requested_at=fields.optional_time("requested_at"),
        attempt=_attempt(fields),
    )


def _attempt(fields: Fields) -> int:
    number = fields.optional_integer("attempt")
    if number is not None and number < 1:
        raise UnreadableMessage(f"attempt is {number}; attempts are counted from 1")
    return number or 1


def _body(fields: Fields) -> bytes | None:
    text, encoded = fields.optional_text("body"), fields.optional_text("body_base64")
    if encoded is None:
        return None if text is None else text.encode()
    if text is not None:
        raise UnreadableMessage("a request has both body and body_base64; give one")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise UnreadableMessage(f"body_base64 is not base64: {error}") from error


def write_call(request: InferenceRequest) -> str:
    """The JSON of a call that makes this very request, with its id, again."""
    body = None if request.body is None else base64.b64encode(request.body).decode()
    members = {
        "request_id": request.id,
        "attempt": request.attempt,
        "input_location": None if request.location is None else str(request.location),
        "body_base64": body,
        "version_id": request.version_id,
        "size": request.size,
        "content_type": request.content_type,
        "accept": request.accept,
        "custom_attributes": request.custom_attributes,
        "ttl_seconds": request.ttl_seconds,
        "timeout_seconds": request.timeout_seconds,
        "requested_at": None if request.requested_at is None else request.requested_at.isoformat(),
    }
    return json.dumps({"requests": [{k: v for k, v in members.items() if v is not None}]})

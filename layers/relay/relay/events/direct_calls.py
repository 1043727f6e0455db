"""A direct call: one request or several, as JSON. The relay's own calls, on its submit queue, have
the same shape, `eventSource` and further members, and their ids are used as they are.

    {"requests": [{"input_location": "s3://bucket/inputs/a.csv", "content_type": "text/csv",
                   "accept": "…", "custom_attributes": "…", "ttl_seconds": 600,
                   "timeout_seconds": 60, "request_id": "…"},
                  {"body": "1,2,3"}, {"body_base64": "…"}, {"resubmission_of": "…"}]}

One request alone may stand without the list around it, and the list without the object around it.
A request that cannot be read affects no other of its call.
"""

import base64
import json
from dataclasses import dataclass
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.sagemaker import RELAY
from relay.formats import CALL
from relay.ids import (
    is_id,
    request_id_of_call,
    request_id_of_caller,
    request_id_of_resubmission,
)
from relay.model import MOST_ATTEMPTS, InferenceRequest, InvalidRequest
from relay.reading import Reader, kind_of

_MEMBERS: Final = (
    "accept",
    "body",
    "body_base64",
    "content_type",
    "custom_attributes",
    "input_location",
    "request_id",
    "resubmission_of",
    "timeout_seconds",
    "ttl_seconds",
)
# From others they would contradict what S3 and the ledger say: a request could have two attempts at
# a time.
_OWN_MEMBERS: Final = ("attempt", "etag", "requested_at", "size", "version_id")
# A resubmission has these from the request that it repeats.
_TAKEN_OVER: Final = ("body", "body_base64", "input_location", "request_id")
_SOURCE: Final = "eventSource"
_VERSION: Final = "eventVersion"


@dataclass(frozen=True, slots=True)
class Call:
    """The requests of a direct call, and those that cannot be read."""

    requests: tuple[InferenceRequest, ...]
    invalid: tuple[InvalidRequest, ...] = ()


def is_call(value: object) -> bool:
    """Whether a JSON value looks like a direct call at all."""
    if isinstance(value, list):
        return any(map(_is_request, value))
    return _is_request(value) or (
        isinstance(value, dict)
        and (isinstance(value.get("requests"), list) or value.get(_SOURCE) == RELAY)
    )


def _is_request(value: object) -> bool:
    return isinstance(value, dict) and any(name in value for name in (*_MEMBERS, *_OWN_MEMBERS))


def read_call(value: object, default_id: str, *, by_relay: bool = False) -> Call:
    """Read a direct call.

    Args:
        value: the parsed JSON.
        default_id: what ids are derived from where a request names none. The same for every
            delivery of the same call.
        by_relay: whether the call has the form of a message on the submit queue, where the relay
            may have written it.

    Raises:
        UnreadableMessage: no request can be read, or the call has members beside its requests, or
            a request of the relay's own call cannot be read. Names every problem. Unknown members
            of the relay's own call are left out: later code may have added them.
        NewerFormat: it is a call of the relay, in a format of later code.
    """
    call = Reader({"requests": value} if isinstance(value, list) else value)
    own = by_relay and call.members.get(_SOURCE) == RELAY
    if own:
        CALL.check_event(call.optional_text(_VERSION))
    requests: list[InferenceRequest] = []
    invalid: list[InvalidRequest] = []
    for number, (member, path) in enumerate(_members(call, own=own)):
        reader = Reader(member, path)
        request = _request(reader, default_id, None if own else number)
        if request is not None:
            requests.append(request)
        else:
            problem = "; ".join(map(str, reader.problems))
            invalid.append(InvalidRequest(number, problem, json.dumps(member)))
    if call.problems or (invalid and (own or not requests)):
        problems = [*map(str, call.problems), *(each.problem for each in invalid)]
        raise UnreadableMessage("; ".join(problems))
    return Call(tuple(requests), tuple(invalid))


def _members(call: Reader, *, own: bool) -> list[tuple[object, str]]:
    """Return each request of a call, with its path. Its place in the call is part of its id."""
    if "requests" not in call:
        return [(call.members, "")]
    if not own:
        call.only(("requests",), lambda _: "move it into each request")
    members = call.members["requests"]
    if not isinstance(members, list):
        call.refuse("requests", f"must be a list, not {kind_of(members)}")
        return []
    if not members:
        call.refuse("requests", "is empty")
    return [(member, f"requests[{number}]") for number, member in enumerate(members)]


def _id(reader: Reader, default_id: str, number: int, repeated: str | None) -> str:
    if repeated is not None:
        for name in _TAKEN_OVER:
            if name in reader:
                reader.refuse(name, "cannot be given together with resubmission_of")
        return request_id_of_resubmission(repeated)
    own_id = reader.optional_text("request_id")
    return request_id_of_caller(own_id) if own_id else request_id_of_call(default_id, number)


def _resubmission_of(reader: Reader) -> str | None:
    request_id = reader.optional_text("resubmission_of")
    if request_id is not None and not is_id(request_id):
        text = "is not an id of the relay; the status of the request has it as request_id"
        reader.refuse("resubmission_of", text)
    return request_id


def _own_id(reader: Reader) -> str:
    """Read the id that the relay has given a request before."""
    request_id = reader.text("request_id")
    if request_id and not is_id(request_id):
        reader.refuse("request_id", "is not an id of the relay")
    return request_id


def _request(reader: Reader, default_id: str, number: int | None) -> InferenceRequest | None:
    """Read a request, which has a number unless it is the relay's own; None if it is invalid."""
    if reader.problems:
        return None
    own = number is None
    repeated = _resubmission_of(reader)
    request_id = _own_id(reader) if number is None else _id(reader, default_id, number, repeated)

    def hint(name: str) -> str:
        return "the relay sets it" if name in _OWN_MEMBERS else f"a request has {all_known}"

    all_known = ", ".join(_MEMBERS)
    if not own:
        reader.only(_MEMBERS, hint)
    request = InferenceRequest(
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
        number=number,
        resubmission_of=repeated,
    )
    return None if reader.problems else request


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


def write_call(*requests: InferenceRequest) -> str:
    """The JSON of the relay's call that makes these requests, with their ids."""
    version = {_VERSION: CALL.event_version} if CALL.mark else {}
    return json.dumps(
        {_SOURCE: RELAY, **version, "requests": [_written(each) for each in requests]}
    )


def _written(request: InferenceRequest) -> dict[str, object]:
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
        "resubmission_of": request.resubmission_of,
    }
    return {name: value for name, value in members.items() if value is not None}

"""Resubmissions: requests of direct calls that repeat an earlier request, by its id.

The ledger has the input of the earlier request, and with which headers it was sent. So no caller
can name a request in its result that had another input, and routes by attributes take the result
of the repetition to where the first result went.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.delivery.isolation import answers
from relay.errors import RelayError
from relay.model import Attempt, Incoming, InferenceRequest, InvalidRequest
from relay.ports import AttemptReader

_KEPT = ("content_type", "accept", "custom_attributes", "ttl_seconds", "timeout_seconds")


def repeated(
    incoming: Sequence[Incoming[InferenceRequest]], ledger: AttemptReader
) -> tuple[Sequence[Incoming[InferenceRequest]], Mapping[str, RelayError]]:
    """Give each resubmission the input and the headers of the request that it repeats.

    One that cannot be repeated becomes invalid. What the call states itself is left as it is.
    Return the deliveries, and by id the errors of requests that were not looked up.
    """
    ids = {
        request.resubmission_of
        for item in incoming
        for request in item.contents
        if request.resubmission_of and not request.from_relay
    }
    if not ids:
        return incoming, {}
    known = answers(ledger.look_up, sorted(ids), str)
    return [_repeated(item, known) for item in incoming], {
        request.id: error
        for item in incoming
        for request in item.contents
        if not request.from_relay
        and isinstance(error := known.get(request.resubmission_of or ""), RelayError)
    }


def _repeated(
    item: Incoming[InferenceRequest], known: Mapping[str, Attempt | RelayError]
) -> Incoming[InferenceRequest]:
    contents: list[InferenceRequest] = []
    invalid = list(item.invalid)
    for request in item.contents:
        repeats = request.resubmission_of
        if not repeats or request.from_relay:
            contents.append(request)
            continue
        first = known.get(repeats)
        if isinstance(first, RelayError):
            contents.append(request)
        elif problem := _problem(repeats, first):
            text = f"resubmission_of {problem}"
            invalid.append(InvalidRequest(request.number or 0, text, _text(request)))
        elif first is not None:
            contents.append(_taken_over(request, first))
    return replace(item, contents=tuple(contents), invalid=tuple(invalid))


def _problem(request_id: str, first: Attempt | None) -> str:
    """Return why a request cannot be repeated; empty if it can."""
    if first is None:
        return (
            "is no request that the ledger knows; it keeps a request for 30 days after it is due: "
            "upload the input again"
        )
    if not first.tracked:
        return "is an inference that another caller submitted; the relay cannot repeat it"
    if first.number != 1:
        return f"is an attempt of the request {first.request_id}; give the id of the request"
    if first.location is None:
        return "is a request with an inline body, which the relay does not keep; send it again"
    return ""


def _taken_over(request: InferenceRequest, first: Attempt) -> InferenceRequest:
    own = request.custom_attributes
    return replace(
        request,
        location=first.location,
        content_type=request.content_type or first.content_type,
        accept=request.accept or first.accept,
        custom_attributes=first.custom_attributes if own is None else own,
    )


def _text(request: InferenceRequest) -> str:
    """The JSON of the request, to be parked."""
    stated = {name: getattr(request, name) for name in _KEPT}
    present = {name: value for name, value in stated.items() if value is not None}
    return json.dumps({"resubmission_of": request.resubmission_of, **present})

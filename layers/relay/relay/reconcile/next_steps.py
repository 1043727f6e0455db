"""What the reader of a status does next, by the state of the request."""

from collections.abc import Callable, Mapping
from typing import Final

from relay.model import Attempt, RequestState

_DESCRIBE: Final = 'whether the endpoint has an instance ({"action": "describe"} of provision)'


def next_step(state: RequestState, last: Attempt | None) -> str:
    """Return what to do or to wait for. `last` is the last attempt that could be read."""
    return _STEPS[state](last)


def _submitted(last: Attempt | None) -> str:
    due = "" if last is None else f" by {last.due_at:%Y-%m-%d %H:%M} UTC"
    return f"wait: SageMaker or reconcile ends the attempt{due}; meanwhile check {_DESCRIBE}"


def _held(last: Attempt | None) -> str:
    held = None if last is None else last.held
    routes = ", ".join(held.missing) if held and held.missing else "that are missing"
    return f"check the targets of the routes {routes}; the log of route has the error of each"


def _completed(last: Attempt | None) -> str:
    location = None if last is None else last.output_location
    return f"read the output at {location}" if location else "read the output, which the result has"


_STEPS: Final[Mapping[RequestState, Callable[[Attempt | None], str]]] = {
    RequestState.SUBMITTED: _submitted,
    RequestState.RETRYING: lambda _: (
        f"wait: the next attempt is in SubmitQueue; if it does not start, check {_DESCRIBE}"
    ),
    RequestState.HELD: _held,
    RequestState.COMPLETED: _completed,
    RequestState.FAILED: lambda _: (
        "correct what the reason names, and submit the input again; data.failure of the result has "
        "the model's whole message"
    ),
    RequestState.REJECTED: lambda _: "correct what the reason names, and submit the input again",
    RequestState.EXPIRED: lambda _: f"check {_DESCRIBE}, then submit the input again",
    RequestState.UNREADABLE: lambda _: (
        "find the error of the item in the log of reconcile; an item of a later version of the "
        "relay is readable once that version is deployed again"
    ),
    RequestState.UNKNOWN: lambda _: (
        "check the id; a request that waits in SubmitQueue or SubmitDeadLetterQueue has no attempt "
        "yet; ask about an upload with input_location or key"
    ),
}

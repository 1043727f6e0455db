"""The status of a request. SageMaker has no API for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.errors import UnexpectedError
from relay.ids import attempt_id, is_id, request_id_of_caller
from relay.model import MOST_ATTEMPTS, Attempt, AttemptState, RequestState
from relay.ports import AttemptReader


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """Status of a request, with its attempts from first to last.

    `unreadable`: an attempt is left out, because its item cannot be read.
    """

    request_id: str
    attempts: tuple[Attempt, ...]
    unreadable: bool = False

    @property
    def state(self) -> RequestState:
        if self.unreadable:
            return RequestState.UNREADABLE
        if not self.attempts:
            return RequestState.UNKNOWN
        return self.attempts[-1].request_state

    @property
    def reason(self) -> str | None:
        """Why the last attempt failed, or the one before it; None where none failed."""
        return next((each.reason for each in reversed(self.attempts) if each.reason), None)

    def to_json(self) -> dict[str, object]:
        return {
            "request_id": self.request_id,
            "state": self.state.value,
            "attempts": [_attempt_to_json(attempt) for attempt in self.attempts],
        }


def status(request_id: str, ledger: AttemptReader) -> RequestStatus:
    """Look a request up by its request id, or by the caller's own id.

    Raises:
        RelayError: the ledger cannot be read.
    """
    of_caller = request_id_of_caller(request_id)
    candidates = (request_id, of_caller) if is_id(request_id) else (of_caller,)
    found = read_attempts([each for id in candidates for each in _attempt_ids(id)], ledger)
    statuses = [_status(each, found) for each in candidates]
    return next((each for each in statuses if each.state is not RequestState.UNKNOWN), statuses[0])


def complete(firsts: Iterable[Attempt], ledger: AttemptReader) -> Iterator[RequestStatus]:
    """Yield the status of the request of each first attempt, in the same order.

    Raises:
        RelayError: the ledger cannot be read.
    """
    first_attempts = list(firsts)
    later_ids = [
        inference_id
        for attempt in first_attempts
        if attempt.state is AttemptState.RETRIED
        for inference_id in _attempt_ids(attempt.request_id)
    ]
    later = read_attempts(later_ids, ledger) if later_ids else {}
    for attempt in first_attempts:
        retried = attempt.state is AttemptState.RETRIED
        yield _status(attempt.request_id, later if retried else {attempt.id: attempt})


def read_attempts(
    ids: Sequence[str], ledger: AttemptReader
) -> Mapping[str, Attempt | UnexpectedError]:
    """Look all attempts up, with an error for an item that cannot be read.

    Raises:
        RelayError: an attempt was not looked up. To take it for absent would be wrong.
    """
    found: dict[str, Attempt | UnexpectedError] = {}
    for key, item in ledger.look_up(ids).items():
        if not isinstance(item, Attempt | UnexpectedError):
            raise item
        found[key] = item
    return found


def _attempt_ids(request_id: str) -> list[str]:
    """Return the ids of all attempts that a request can have."""
    return [attempt_id(request_id, number) for number in range(1, MOST_ATTEMPTS + 1)]


def _status(request_id: str, found: Mapping[str, Attempt | UnexpectedError]) -> RequestStatus:
    known = [found[each] for each in _attempt_ids(request_id) if each in found]
    attempts = tuple(each for each in known if isinstance(each, Attempt))
    return RequestStatus(request_id, attempts, unreadable=len(attempts) < len(known))


def _attempt_to_json(attempt: Attempt) -> dict[str, object]:
    def iso(time: datetime | None) -> str | None:
        return None if time is None else time.isoformat()

    held = attempt.held if attempt.state is AttemptState.OPEN else None
    members: dict[str, object] = {
        "inference_id": attempt.id,
        "attempt": attempt.number,
        "state": attempt.state.value,
        "endpoint": attempt.endpoint,
        "input_location": None if attempt.location is None else str(attempt.location),
        "output_location": attempt.output_location,
        "submitted_at": iso(attempt.submitted_at),
        "due_at": iso(attempt.due_at),
        "routed_at": iso(attempt.routed_at),
        "reason": attempt.reason,
        "held": held
        and {
            "outcome": held.outcome.value,
            "delivered_by": sorted(held.delivered),
            "not_delivered_by": sorted(held.missing),
        },
    }
    return {name: value for name, value in members.items() if value is not None}

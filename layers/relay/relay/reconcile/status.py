"""The status of a request. SageMaker has no API for it."""

from dataclasses import dataclass
from datetime import datetime

from relay.ids import attempt_id, request_id_of_caller
from relay.model import Attempt, AttemptState
from relay.ports import AttemptReader

# Maximum of the parameter MaxAttempts. One call reads all attempts.
_MOST_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """Status of a request, with its attempts from first to last.

    `state` is `unknown` (the ledger has no attempt; it keeps attempts for 30 days), `unreadable`
    (an item of the ledger cannot be read; its attempt is left out), `submitted`, `retrying` (an
    attempt failed, the next one waits in the queue), `held` (the result did not arrive at every
    target), or the outcome: `completed`, `failed`, `expired`, `rejected`.
    """

    request_id: str
    state: str
    attempts: tuple[Attempt, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "request_id": self.request_id,
            "state": self.state,
            "attempts": [_attempt_to_json(attempt) for attempt in self.attempts],
        }


def status(request_id: str, ledger: AttemptReader) -> RequestStatus:
    """Look a request up by its request id, or by the caller's own id.

    Raises:
        RelayError: the ledger cannot be read.
    """
    known_id = request_id_of_caller(request_id)
    ids = [attempt_id(known_id, number) for number in range(1, _MOST_ATTEMPTS + 1)]
    found = ledger.look_up(ids)
    attempts = tuple(item for id in ids if isinstance(item := found.get(id), Attempt))
    state = "unreadable" if len(attempts) < len(found) else _state(attempts)
    return RequestStatus(known_id, state, attempts)


def _state(attempts: tuple[Attempt, ...]) -> str:
    if not attempts:
        return "unknown"
    last = attempts[-1]
    match last.state:
        case AttemptState.OPEN:
            return "submitted" if last.held is None else "held"
        case AttemptState.RETRIED:
            return "retrying"
        case terminal:
            return terminal.lower()


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
        "held": held
        and {
            "outcome": held.outcome.value,
            "delivered_by": sorted(held.delivered),
            "not_delivered_by": sorted(held.missing),
        },
    }
    return {name: value for name, value in members.items() if value is not None}

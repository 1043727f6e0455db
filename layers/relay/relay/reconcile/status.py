"""The status of a request. SageMaker has no API for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relay.errors import NotUnderstood
from relay.ids import (
    attempt_id,
    is_id,
    request_id_of_caller,
    request_id_of_resubmission,
)
from relay.model import MOST_ATTEMPTS, Attempt, AttemptState, RequestState
from relay.ports import AttemptReader
from relay.reconcile.next_steps import next_step

# States of requests that are resubmitted: only for these is it looked up in a list.
_REPEATED = (RequestState.FAILED, RequestState.EXPIRED, RequestState.REJECTED)


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """Status of a request, with its attempts from first to last.

    `unreadable`: an attempt is left out, because its item cannot be read. `resubmitted_as` is the
    id of the request that repeats this one, where there is one.
    """

    request_id: str
    attempts: tuple[Attempt, ...]
    unreadable: bool = False
    resubmitted_as: str | None = None

    @property
    def resubmission_of(self) -> str | None:
        """The id of the request that this one repeats."""
        return self.attempts[0].resubmission_of if self.attempts else None

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

    @property
    def failure(self) -> str | None:
        """The reason, unless another attempt has succeeded."""
        if self.state is RequestState.UNKNOWN:
            return "no attempt has this id; the ledger keeps an attempt for 30 days after it is due"
        return None if self.state is RequestState.COMPLETED else self.reason

    @property
    def next_step(self) -> str:
        """What to do or to wait for."""
        if self.resubmitted_as is not None:
            return f"ask for the status of {self.resubmitted_as}, which repeats this request"
        return next_step(self.state, self.attempts[-1] if self.attempts else None)

    def to_json(self) -> dict[str, object]:
        members = {
            "request_id": self.request_id,
            "state": self.state.value,
            "reason": self.failure,
            "next_step": self.next_step,
            "resubmission_of": self.resubmission_of,
            "resubmitted_as": self.resubmitted_as,
            "attempts": [_attempt_to_json(attempt) for attempt in self.attempts],
        }
        return {name: value for name, value in members.items() if value is not None}


def status(request_id: str, ledger: AttemptReader) -> RequestStatus:
    """Look a request up by its request id, or by the caller's own id.

    Raises:
        RelayError: the ledger cannot be read.
    """
    of_caller = request_id_of_caller(request_id)
    candidates = (request_id, of_caller) if is_id(request_id) else (of_caller,)
    ids = [each for id in candidates for each in _attempt_ids(id)]
    found = read_attempts([*ids, *map(request_id_of_resubmission, candidates)], ledger)
    statuses = [_with_resubmission(_status(each, found), found) for each in candidates]
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
    statuses = [
        _status(
            attempt.request_id,
            later if attempt.state is AttemptState.RETRIED else {attempt.id: attempt},
        )
        for attempt in first_attempts
    ]
    ended = [
        request_id_of_resubmission(each.request_id) for each in statuses if each.state in _REPEATED
    ]
    repetitions = read_attempts(ended, ledger) if ended else {}
    yield from (_with_resubmission(each, repetitions) for each in statuses)


def read_attempts(
    ids: Sequence[str], ledger: AttemptReader
) -> Mapping[str, Attempt | NotUnderstood]:
    """Look all attempts up, with an error for an item that cannot be read.

    Raises:
        RelayError: an attempt was not looked up. To take it for absent would be wrong.
    """
    found: dict[str, Attempt | NotUnderstood] = {}
    for key, item in ledger.look_up(ids).items():
        if not isinstance(item, Attempt | NotUnderstood):
            raise item
        found[key] = item
    return found


def _with_resubmission(
    request: RequestStatus, found: Mapping[str, Attempt | NotUnderstood]
) -> RequestStatus:
    repetition = request_id_of_resubmission(request.request_id)
    return replace(request, resubmitted_as=repetition) if repetition in found else request


def _attempt_ids(request_id: str) -> list[str]:
    """Return the ids of all attempts that a request can have."""
    return [attempt_id(request_id, number) for number in range(1, MOST_ATTEMPTS + 1)]


def _status(request_id: str, found: Mapping[str, Attempt | NotUnderstood]) -> RequestStatus:
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
        "version_id": attempt.version_id,
        "etag": attempt.etag,
        "content_type": attempt.content_type,
        "output_location": attempt.output_location,
        "requested_at": iso(attempt.requested_at),
        "submitted_at": iso(attempt.submitted_at),
        "due_at": iso(attempt.due_at),
        "routed_at": iso(attempt.routed_at),
        "reason": attempt.reason,
        "delivered_by": list(attempt.delivered) or None,
        "held": held
        and {
            "outcome": held.outcome.value,
            "delivered_by": sorted(held.delivered),
            "not_delivered_by": sorted(held.missing),
        },
    }
    return {name: value for name, value in members.items() if value is not None}

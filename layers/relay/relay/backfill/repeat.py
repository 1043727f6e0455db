"""Repetition: the requests that ended without an output, once more.

A repeated request is the resubmission of the one before it. So a repetition that is interrupted
repeats nothing twice, each one takes up only what the ones before left, and what a person has
resubmitted is not repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.backfill.selection import request_id_of
from relay.errors import RelayError
from relay.ids import attempt_id
from relay.model import MOST_ATTEMPTS, Attempt, AttemptState
from relay.ports import AttemptReader, StoredObject

MOST_REPETITIONS = 9

# The ends of a request that another try may change.
REPEATED = frozenset({AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.REJECTED})


def to_repeat(
    objects: Sequence[StoredObject], repetition: int, ledger: AttemptReader
) -> list[StoredObject]:
    """Return the objects whose last request before this repetition ended without an output.

    Raises:
        RelayError: the ledger cannot be read.
    """
    last = last_requests(objects, repetition - 1, ledger)
    return [
        found
        for found in objects
        if (request := last.get(found.location.key)) and request.state in REPEATED
    ]


@dataclass(frozen=True, slots=True)
class LastRequest:
    """The last request for an object, and the state of its last attempt.

    RETRIED stands for a next attempt that waits.
    """

    repetition: int
    state: AttemptState


def last_requests(
    objects: Sequence[StoredObject], repetition: int, ledger: AttemptReader
) -> Mapping[str, LastRequest]:
    """Return the last request for each object that has one, up to a repetition, by its key.

    Raises:
        RelayError: an attempt was not read.
    """
    last: dict[str, LastRequest] = {}
    left = list(objects)
    for number in range(repetition, -1, -1):
        ids = {found.location.key: request_id_of(found, number) for found in left}
        states = _states(list(ids.values()), ledger)
        for key, request_id in ids.items():
            if request_id in states:
                last[key] = LastRequest(number, states[request_id])
        left = [found for found in left if found.location.key not in last]
    return last


def _states(request_ids: Sequence[str], ledger: AttemptReader) -> dict[str, AttemptState]:
    """Return the state of each request that has an attempt: that of its last one."""
    states: dict[str, AttemptState] = {}
    left, number = list(request_ids), 1
    while left and number <= MOST_ATTEMPTS:
        ids = {attempt_id(request_id, number): request_id for request_id in left}
        known = ledger.look_up(list(ids))
        left = []
        for inference_id, request_id in ids.items():
            attempt = known.get(inference_id)
            if isinstance(attempt, RelayError):
                raise attempt
            if isinstance(attempt, Attempt):
                states[request_id] = attempt.state
                if attempt.state is AttemptState.RETRIED:
                    left.append(request_id)
        number += 1
    return states

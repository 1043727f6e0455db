"""The status of an input: what became of the requests of one object.

An uploader knows the key of an object and no id. The index of the ledger has the attempts of one
input in one shard of each hour, and S3 has the time of the last upload, from which on the shard is
read. An object without a request is distinguished from one that does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relay.budget import Budget
from relay.inputs.inputs import Inputs
from relay.ports import Clock, DueLedger, Storage, StoredObject
from relay.reconcile.listing import ListQuery, Position, list_page
from relay.reconcile.status import RequestStatus
from relay.s3uri import S3Uri

_LAST_DAY = timedelta(days=1)
# S3's clock and submit's may differ.
_CLOCKS = timedelta(minutes=5)
# S3 announces an upload usually within seconds, and sometimes after a minute or longer.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
_ANNOUNCED = timedelta(minutes=10)


class Absence(StrEnum):
    """State of an input for which no request was found."""

    UNKNOWN = "unknown"  # the search is not done
    NOT_SUBMITTED = "not_submitted"  # the object exists
    NO_OBJECT = "no_object"
    NOT_AN_INPUT = "not_an_input"  # the location is not under the inputs


@dataclass(frozen=True, slots=True)
class InputQuestion:
    """The requests of an input since a time; by default since its upload, and for a day at least.

    `start` is the position where a part of the answer begins.
    """

    location: S3Uri
    since: datetime | None = None
    start: Position | None = None


@dataclass(frozen=True, slots=True)
class InputStatus:
    """The requests of an input, the newest first. `next` is the position of the next part.

    `absence`, `reason` and `next_step` are those of an input without a request.
    """

    location: S3Uri
    requests: Sequence[RequestStatus] = ()
    stored: StoredObject | None = None
    next: Position | None = None
    absence: Absence | None = None
    reason: str | None = None
    next_step: str = ""

    def to_json(self) -> dict[str, object]:
        newest = self.requests[0] if self.requests else None
        members = {
            "input_location": str(self.location),
            "state": self.absence if newest is None else newest.state.value,
            "reason": self.reason if newest is None else newest.failure,
            "next_step": self.next_step if newest is None else newest.next_step,
            "uploaded_at": None if self.stored is None else self.stored.modified_at.isoformat(),
            "requests": [each.to_json() for each in self.requests],
            "next": None if self.next is None else str(self.next),
        }
        return {name: value for name, value in members.items() if value is not None}


def status_of_input(
    question: InputQuestion,
    inputs: Inputs,
    ledger: DueLedger,
    storage: Storage,
    clock: Clock,
    budget: Budget,
) -> InputStatus:
    """Find the requests of an input, or why there is none.

    The attempts since the upload are searched, as far as time allows.

    Raises:
        RelayError: the ledger cannot be read, or the bucket not be listed.
    """
    location, now = question.location, clock.now()
    found = storage.first(location) if inputs.contains(location) else None
    stored = found if found is not None and found.location == location else None
    since = question.since or _since(stored, now)
    query = ListQuery(since, now + _CLOCKS, location=location, start=question.start)
    page = list_page(query, ledger, clock, budget)
    if page.requests:
        requests = sorted(page.requests, key=_submitted_at, reverse=True)
        return InputStatus(location, requests, stored, page.next)
    if page.next is not None:
        step = "repeat the call with next; the rest of the time until now is not searched yet"
        return InputStatus(location, (), stored, page.next, Absence.UNKNOWN, next_step=step)
    if not inputs.contains(location):
        return _not_an_input(location, inputs)
    if stored is not None:
        return _not_submitted(stored, since, now)
    return _no_object(location, found, since)


def _since(stored: StoredObject | None, now: datetime) -> datetime:
    a_day_ago = now - _LAST_DAY
    return a_day_ago if stored is None else min(a_day_ago, stored.modified_at - _CLOCKS)


def _submitted_at(request: RequestStatus) -> datetime:
    return request.attempts[0].submitted_at


def _not_an_input(location: S3Uri, inputs: Inputs) -> InputStatus:
    reason = f"input location is not under {inputs}, and only uploads there are requests"
    step = "upload the object there"
    return InputStatus(location, absence=Absence.NOT_AN_INPUT, reason=reason, next_step=step)


def _not_submitted(stored: StoredObject, since: datetime, now: datetime) -> InputStatus:
    uploaded = f"{stored.modified_at:%Y-%m-%d %H:%M:%S} UTC"
    if stored.size == 0 and stored.location.key.endswith("/"):
        reason = "object is empty and its key ends with a slash: the marker of a folder"
        step = "upload the input under the folder; a marker is no request"
    elif now - stored.modified_at < _ANNOUNCED:
        reason = f"object was uploaded at {uploaded}, and no request of it is submitted yet"
        step = "ask again in some minutes: S3's event may be on its way, or in SubmitQueue"
    else:
        reason = (
            f"object was uploaded at {uploaded}, and no request of it was submitted since "
            f"{since:%Y-%m-%d %H:%M} UTC"
        )
        step = (
            "look for its message in SubmitDeadLetterQueue, and in SubmitQueue, where uploads wait "
            "while the endpoint is not in service; if neither has it, S3 did not announce the "
            "upload, for example because it is older than the stack: invoke submit with this "
            "input_location"
        )
    return InputStatus(
        stored.location,
        stored=stored,
        absence=Absence.NOT_SUBMITTED,
        reason=reason,
        next_step=step,
    )


def _no_object(location: S3Uri, found: StoredObject | None, since: datetime) -> InputStatus:
    reason = (
        f"object does not exist, and no request of it was submitted since "
        f"{since:%Y-%m-%d %H:%M} UTC"
    )
    other = "" if found is None else f"; the first key that begins so is {found.location.key}"
    step = (
        f"compare the key with the upload: letter case counts, and nothing is URL-encoded{other}; "
        "ask about an object that was deleted with since"
    )
    return InputStatus(location, absence=Absence.NO_OBJECT, reason=reason, next_step=step)

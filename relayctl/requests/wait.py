"""Waiting for requests, by asking reconcile: the queues of results are the consumers' own."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

from relay.model import RequestState
from relay.s3uri import S3Uri

from relayctl.deployment import Deployment
from relayctl.errors import Misused
from relayctl.requests.search import Selection, found
from relayctl.requests.status import of_input
from relayctl.times import point

ENDED = frozenset(
    {
        RequestState.COMPLETED,
        RequestState.FAILED,
        RequestState.EXPIRED,
        RequestState.REJECTED,
        # Its outcome is decided, and its output is there.
        RequestState.HELD,
    }
)
# So many requests are asked about one by one. A list reads every request of its time.
_FEW = 5
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 4.0
# The clocks of S3 and of submit differ.
_CLOCKS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A request to wait for: one with an id, or the request of an upload.

    Of several requests of one object, that of an upload has its ETag, its version, and no earlier
    time. `last` is what was known of it last.
    """

    name: str
    request_id: str | None = None
    location: S3Uri | None = None
    etag: str | None = None
    version_id: str | None = None
    begun_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    last: Mapping[str, Any] = field(default_factory=dict)

    def is_of(self, request: Mapping[str, Any]) -> bool:
        """Whether this is the request, as a list or the first attempt of a status describes it."""
        if self.request_id is not None:
            return bool(request.get("request_id") == self.request_id)
        if request.get("input_location") != str(self.location) or "resubmission_of" in request:
            return False
        if self.version_id is not None:
            return bool(request.get("version_id") == self.version_id)
        requested = request.get("requested_at") or request["submitted_at"]
        return (
            request.get("etag") == self.etag and datetime.fromisoformat(requested) >= self.begun_at
        )


def seconds(text: str, option: str) -> float:
    """Return the seconds of a duration, such as `90s` or `15m`. Raises Misused."""
    now = datetime.now(UTC)
    length = (now - point(text, now, option)).total_seconds()
    if length <= 0:
        raise Misused(f"{option} is {text!r}; write a duration such as 90s, 15m or 2h")
    return length


def ends(
    deployment: Deployment, awaited: Sequence[Awaited], timeout: float
) -> Iterator[tuple[Awaited, Mapping[str, Any] | None]]:
    """Yield each request as it ends, with its status.

    Those that have not ended after `timeout` seconds come last, with None.

    Raises:
        RelayctlError: reconcile refused or failed.
    """
    deadline = monotonic() + timeout
    pause = _FIRST_PAUSE
    pending = list(awaited)
    while True:
        begun = monotonic()
        looked_up = _look(deployment, pending)
        pending = []
        for each in looked_up:
            if each.last.get("state") in ENDED:
                yield each, _status(deployment, each)
                pause = _FIRST_PAUSE
            else:
                pending.append(each)
        left = deadline - monotonic()
        if not pending:
            return
        if left <= 0:
            yield from ((each, None) for each in pending)
            return
        # A question that takes long reads much: it is asked less often.
        sleep(min(left, max(pause, monotonic() - begun)))
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def _look(deployment: Deployment, pending: Sequence[Awaited]) -> list[Awaited]:
    """Return what is awaited, with what is known of each now, and the id where it is found."""
    if len(pending) <= _FEW:
        return [_asked(deployment, each) for each in pending]
    known: dict[int, Awaited] = dict(enumerate(pending))
    prefix = os.path.commonprefix([str(each.location or "") for each in pending])
    since = min(each.begun_at for each in pending) - _CLOCKS
    by_input: dict[str, list[int]] = {}
    for number, each in known.items():
        by_input.setdefault(str(each.location), []).append(number)
    for request in found(deployment, Selection(since, None, prefix=prefix)):
        for number in by_input.get(request.get("input_location", ""), ()):
            if pending[number].is_of(request):
                request_id = request["request_id"]
                known[number] = replace(pending[number], request_id=request_id, last=request)
    return list(known.values())


def _asked(deployment: Deployment, awaited: Awaited) -> Awaited:
    if awaited.request_id is not None:
        return replace(awaited, last=_status(deployment, awaited))
    since = (awaited.begun_at - _CLOCKS).isoformat()
    answer = of_input(deployment, {"input_location": str(awaited.location), "since": since})
    for request in answer["requests"]:
        first = {**next(iter(request.get("attempts", ())), {}), **request}
        if first.get("attempts") and awaited.is_of(first):
            return replace(awaited, request_id=request["request_id"], last=request)
    # The state of an answer with requests is that of an earlier one.
    state = "not_submitted" if answer["requests"] else answer["state"]
    return replace(awaited, last={"state": state})


def _status(deployment: Deployment, awaited: Awaited) -> Mapping[str, Any]:
    return deployment.ask({"action": "status", "request_id": awaited.request_id})

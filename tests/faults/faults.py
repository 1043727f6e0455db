"""The faults of port calls, planned by the number of the step in a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from relay.errors import EndpointNotReady, PermanentError, RelayError, TransientError, Unanswered

from tests.stateful.moments import Moments
from tests.support.fakes.ports import Crash


class Kind(StrEnum):
    """What happens at a step. A step is one entry of a call, or a call without entries."""

    THROTTLED = "the call is throttled"
    LOST = "the call gets no response and has no effect"
    UNANSWERED = "the call has its effect and its response is lost"
    LATE = "the call takes effect after its caller gave up"
    SLOW = "the call succeeds after a long time"
    HANGS = "the call hangs and has no effect"
    HANGS_AND_WORKS = "the call hangs and has its effect"
    ONE_THROTTLED = "one entry is refused"
    ONE_UNANSWERED = "one entry has its effect and its response is lost"
    ONE_REFUSED = "one entry is refused for good"
    NOT_READY = "the endpoint is not in service"
    CRASH_BEFORE = "the function crashes before the step"
    CRASH_AFTER = "the function crashes after the step"


# Faults of a whole call. They are planned for its first step, and its other steps have them too.
WHOLE_CALL = {
    Kind.THROTTLED,
    Kind.LOST,
    Kind.UNANSWERED,
    Kind.LATE,
    Kind.HANGS,
    Kind.HANGS_AND_WORKS,
    Kind.NOT_READY,
}
WITH_EFFECT = {
    Kind.UNANSWERED,
    Kind.LATE,
    Kind.HANGS_AND_WORKS,
    Kind.ONE_UNANSWERED,
    Kind.CRASH_AFTER,
}
# How long calls take. A slow one leaves its function no time for more work. One that hangs fails
# after connect and read timeouts and three tries.
SECONDS = {Kind.SLOW: 38, Kind.HANGS: 30, Kind.HANGS_AND_WORKS: 30}
# After these faults, the caller does not know whether the call had its effect.
DOUBTFUL = {
    Kind.LOST,
    Kind.UNANSWERED,
    Kind.LATE,
    Kind.HANGS,
    Kind.HANGS_AND_WORKS,
    Kind.ONE_UNANSWERED,
    Kind.CRASH_BEFORE,
    Kind.CRASH_AFTER,
}

_READS = {"ledger.look_up", "ledger.due", "storage.find", "routes.current"}
_BATCHES = {
    "ledger.look_up",
    "ledger.claim",
    "ledger.renew",
    "ledger.release",
    "ledger.close",
    "ledger.hold",
    "queues.send",
    "endpoint.invoke",
}


def error_of(kind: Kind) -> BaseException:
    """The error that the caller of a port gets."""
    match kind:
        case Kind.THROTTLED | Kind.ONE_THROTTLED:
            return TransientError("ThrottlingException: Rate exceeded")
        case Kind.NOT_READY:
            return EndpointNotReady("Endpoint relay of account 000000000000 not found.")
        case Kind.ONE_REFUSED:
            return PermanentError("ValidationError: example")
        case Kind.CRASH_BEFORE | Kind.CRASH_AFTER:
            return Crash()
        case _:
            return Unanswered("read timed out")


@dataclass(frozen=True)
class Step:
    """A step of a run. `first` of its call; `alone` in it."""

    name: str
    first: bool
    alone: bool

    def kinds(self) -> Iterator[Kind]:
        """The faults that differ at this step."""
        yield Kind.CRASH_BEFORE
        yield Kind.CRASH_AFTER
        if self.first:
            yield from (Kind.THROTTLED, Kind.LOST, Kind.SLOW, Kind.HANGS)
            if self.name not in _READS:
                yield from (Kind.UNANSWERED, Kind.LATE, Kind.HANGS_AND_WORKS)
            if self.name == "endpoint.invoke":
                yield Kind.NOT_READY
        if self.name in _BATCHES and not self.alone:
            yield Kind.ONE_THROTTLED
        if self.name in ("endpoint.invoke", "queues.send"):
            yield Kind.ONE_REFUSED
        if self.name == "endpoint.invoke" and not self.alone:
            yield Kind.ONE_UNANSWERED  # each entry of it is an HTTP request of its own


class PlannedFaults(Moments):
    """Faults by the number of the step in a whole run, and the steps of the run.

    `happened` are the faults so far, with the names of their steps. Every step whose name begins
    with `outage` is throttled; "" is no outage.
    `pass_time` lets the time of a slow call pass. It raises a Crash when the function times out.
    """

    def __init__(self, planned: Mapping[int, Kind]) -> None:
        super().__init__()
        self.happened: list[tuple[str, Kind]] = []
        self.outage = ""
        self.pass_time: Callable[[Kind], None] = lambda _: None
        self._by_number = planned
        self._firsts: list[bool] = []
        self._begins = True
        self._of_call: Kind | None = None
        self._late = False
        self._under_way: list[Callable[[], None]] = []

    def begin_call(self) -> None:
        """The next step is the first one of a port call."""
        self._begins = True
        self._of_call = None

    @property
    def made(self) -> Sequence[Step]:
        """The steps of the run."""
        lasts = [*self._firsts[1:], True]
        return [
            Step(name, first, alone=first and last)
            for name, first, last in zip(self.steps, self._firsts, lasts, strict=True)
        ]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        number = len(self.steps)
        self.steps.append(name)
        self._firsts.append(self._begins)
        self._begins = False
        kind = self._by_number.get(number)
        if kind is not None:
            self._fire(name, kind)
        kind = kind or self._of_call
        if kind is None and self.outage and name.startswith(self.outage):
            kind = Kind.THROTTLED
        if kind is Kind.SLOW:
            kind = None
        if kind is not None and kind not in WITH_EFFECT:
            raise error_of(kind)
        self._late = kind is Kind.LATE
        try:
            yield
        finally:
            self._late = False
        if kind is not None:
            raise error_of(kind)

    def perform(self, act: Callable[[], None]) -> None:
        if self._late:
            self._under_way.append(act)
        else:
            act()

    def arrive(self) -> None:
        """Let late effects take place. A write whose condition fails by now has none."""
        acts, self._under_way = self._under_way, []
        for act in acts:
            with suppress(RelayError):
                act()

    @property
    def under_way(self) -> bool:
        return bool(self._under_way)

    def _fire(self, name: str, kind: Kind) -> None:
        self.happened.append((name, kind))
        if kind in WHOLE_CALL:
            self._of_call = kind
        if kind in SECONDS:
            self.pass_time(kind)

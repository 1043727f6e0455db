"""Requests, the queue of an endpoint, and the lines at which instances take from it."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter

from async_endpoint_emulator.clock import Clock, Timer
from async_endpoint_emulator.inference.s3_location import S3Location


@dataclass(frozen=True, slots=True)
class Request:
    """An accepted invocation. Exactly one of `body` and `input_location` is set."""

    key: str
    inference_id: str
    endpoint_name: str
    output: S3Location
    failure: S3Location | None
    ttl_seconds: int
    timeout_seconds: int
    input_location: str | None = None
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class Waiting:
    """A request in the queue, and since when it waits, by the queue's clock."""

    request: Request
    since: float
    expiry: Timer | None = None


class RequestQueue:
    """First in, first out; a request that waits longer than its TTL leaves through `expired`.

    Requests are handed out at lines, one for each variant of each fleet, in proportion to the
    lines' shares: strictly, as weighted routing does. A line that is busy makes the others wait for
    its turn, so a variant that fails fast gets no more requests than its share.
    """

    def __init__(self, expired: Callable[[Request], None], clock: Clock | None = None) -> None:
        self._expired = expired
        self._clock = clock or Clock()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._lines: list[Line] = []
        self._turn = 0.0
        self.in_process = 0
        """Requests that were handed out and are not done yet."""

    def line(self) -> "Line":
        """A new line, without a share and without instances."""
        line = Line(self)
        self._lines.append(line)
        return line

    def put_nowait(self, request: Request) -> None:
        self._admit(Waiting(request, self._clock.time()))
        self.hand_out()

    def qsize(self) -> int:
        return len(self._waiting)

    @property
    def oldest_seconds(self) -> float | None:
        """How long the request at the head has waited; None when nothing waits."""
        head = next(iter(self._waiting.values()), None)
        return self._clock.time() - head.since if head else None

    def clear(self) -> int:
        """Drops everything that waits; answers how much it was."""
        dropped = len(self._waiting)
        for each in self._waiting.values():
            _take_out(each)
        self._waiting.clear()
        return dropped

    def hand_out(self) -> None:
        """Gives as many requests away as the lines take now. Called whenever anything changes."""
        while self._waiting:
            line = min(
                (each for each in self._lines if each.open), key=attrgetter("turn"), default=None
            )
            taker = line.idle() if line else None
            if line is None or taker is None:
                return
            _, head = self._waiting.popitem(last=False)
            _take_out(head)
            self.in_process += 1
            self._turn = line.turn
            line.turn += 1 / line.share
            taker.set_result(head)

    def put_back(self, handed_out: Waiting) -> None:
        """Undoes a hand-out to a slot that was cancelled; the request is the next one again."""
        self.in_process -= 1
        self._admit(handed_out)
        self._waiting.move_to_end(handed_out.request.key, last=False)
        self.hand_out()

    def restart_turns(self) -> None:
        """Shares count from now on: no line catches up on what came before."""
        for line in self._lines:
            line.turn = self._turn

    def remove(self, line: "Line") -> None:
        """The line is gone; nothing happens when it has been."""
        if line in self._lines:
            self._lines.remove(line)
            self.hand_out()

    def _admit(self, waiting: Waiting) -> None:
        request = waiting.request
        self._waiting[request.key] = waiting
        left = request.ttl_seconds - (self._clock.time() - waiting.since)
        waiting.expiry = self._clock.call_later(left, lambda: self._expire(request))

    def _expire(self, request: Request) -> None:
        del self._waiting[request.key]
        self._expired(request)


def _take_out(waiting: Waiting) -> None:
    """It expires no more."""
    if waiting.expiry is not None:
        waiting.expiry.cancel()


class Line:
    """Where the instances of one variant take requests."""

    def __init__(self, queue: RequestQueue) -> None:
        self._queue = queue
        self._idle: deque[asyncio.Future[Waiting]] = deque()
        self._staff = 0
        self._share = 0.0
        self.turn = 0.0
        """The line with the lowest one is next."""

    @property
    def share(self) -> float:
        """The line's part of the requests, in proportion to those of the other open lines."""
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        if share != self._share:
            self._share = share
            self._queue.restart_turns()
            self._queue.hand_out()

    @property
    def open(self) -> bool:
        """Whether it takes part: it has a share, and an instance in service."""
        return self._share > 0 and self._staff > 0

    def enter(self) -> None:
        """An instance begins to take requests here."""
        self._staff += 1
        if self._staff == 1:
            self._queue.restart_turns()
        self._queue.hand_out()

    def leave(self) -> None:
        """An instance takes no more."""
        self._staff -= 1
        self._queue.hand_out()

    def close(self) -> None:
        """The line is gone."""
        self._staff = 0
        self._queue.remove(self)

    async def get(self) -> Request:
        """The next request for this line. `done` is called when it has ended, however."""
        taker = asyncio.get_running_loop().create_future()
        self._idle.append(taker)
        self._queue.hand_out()
        try:
            handed_out: Waiting = await taker
        except asyncio.CancelledError:
            if taker.done() and not taker.cancelled():
                self._queue.put_back(taker.result())
            raise
        return handed_out.request

    def done(self) -> None:
        self._queue.in_process -= 1

    def idle(self) -> "asyncio.Future[Waiting] | None":
        """A slot that waits here for a request."""
        while self._idle:
            taker = self._idle.popleft()
            if not taker.done():  # cancelled meanwhile
                return taker
        return None

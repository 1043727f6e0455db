"""A deployment that runs until nothing is left to do, with faults that are planned by number."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from relay.delivery.report import Report
from relay.model import Attempt
from relay.routes.compiled import Routes

from tests.faults.faults import SECONDS, Kind, PlannedFaults
from tests.stateful.world import World
from tests.support.fakes.ports import Crash
from tests.support.samples import NOTIFICATION_QUEUE, SUBMIT_QUEUE

# `Timeout` of the functions in template.yaml.
FUNCTION_SECONDS = 45
LAMBDA_RETRY_SECONDS = 60
RECONCILE_MINUTES = 5
MOST_ROUNDS = 200

_CALLS = {
    "endpoint": ["invoke"],
    "ledger": [
        "claim",
        "renew",
        "release",
        "look_up",
        "close",
        "hold",
        "cursor",
        "move_cursor",
        "due",
        "postpone",
    ],
    "queues": ["send", "come_back", "in_flight"],
    "storage": ["find"],
    "routes": ["current"],
}


@dataclass(frozen=True)
class Inference:
    """How an inference ends, how many notifications of it arrive, and how long it takes."""

    outcome: str = "completed"
    notifications: int = 1
    minutes: int = 0


Model = Callable[[Attempt], Inference]


class Deployment(World):
    """A World in which time passes until the next thing happens: a delivery, a schedule, a retry.

    `planned` are the faults by the number of the step, `order` the seed of the order of messages.
    """

    def __init__(self, planned: Mapping[int, Kind], order: int, model: Model) -> None:
        self.planned = PlannedFaults(planned)
        super().__init__(self.planned)
        self.queues.order = Random(order)
        self.planned.pass_time = self._pass_time
        self.began_at = self.clock.now()
        self._model = model
        self._later: list[tuple[datetime, Callable[[], None]]] = []
        self._begun_at = self.clock.now()
        self._next_reconcile = self.clock.now()
        self._next_call = self.clock.now()
        self._routes_with_faults()
        for port, methods in _CALLS.items():
            for method in methods:
                self._announce(getattr(self, port), method)

    def at(self, minutes: int, act: Callable[[], None]) -> None:
        """Plan something for so many minutes after the beginning."""
        self._later.append((self.began_at + timedelta(minutes=minutes), act))

    def run(self) -> None:
        """Work until nothing is left to do.

        Raises:
            AssertionError: work is left after `MOST_ROUNDS` rounds.
        """
        for _ in range(MOST_ROUNDS):
            self._round()
            if self._quiet() and not self.planned.under_way:
                return
            self._wait()
        raise AssertionError(f"work is left after {MOST_ROUNDS} rounds: {self.ledger.states}")

    def _round(self) -> None:
        if self.clock.now() >= self._next_call:
            for call in list(self.calls):
                self.calls.remove(call)
                self.call_submit(call)
                self._next_call = self.clock.now() + timedelta(seconds=LAMBDA_RETRY_SECONDS)
        self.deliver_to_submit()
        for attempt in list(self.running):
            inference = self._model(attempt)
            if self._ends_at(attempt) > self.clock.now():
                continue
            for notification in self.end(attempt, inference.outcome, inference.notifications):
                self.publish(notification)
        self.deliver_to_route()
        if self.clock.now() >= self._next_reconcile:
            self.run_reconcile()
            self._next_reconcile = self.clock.now() + timedelta(minutes=RECONCILE_MINUTES)

    def _wait(self) -> None:
        """Let late effects take place, and time pass until the next thing happens."""
        self.planned.arrive()
        now = self.clock.now()
        for each in [each for each in self._later if each[0] <= now]:
            self._later.remove(each)
            each[1]()
        wait = min(self._times(), default=now) - now
        if wait > timedelta(0):
            self.advance(wait.total_seconds() + 0.001)

    def _times(self) -> Iterator[datetime]:
        yield from (time for time, _ in self._later)
        visible = self.queues.next_visible(SUBMIT_QUEUE, NOTIFICATION_QUEUE)
        if visible is not None:
            yield visible
        if self.calls:
            yield self._next_call
        yield from map(self._ends_at, self.running)
        for attempt in self.ledger.items.values():
            if attempt.state == "OPEN":
                # Reconcile works on whole minutes that have passed.
                due_at = attempt.due_at + timedelta(minutes=1)
                yield max(due_at, self._next_reconcile)

    def _ends_at(self, attempt: Attempt) -> datetime:
        return attempt.submitted_at + timedelta(minutes=self._model(attempt).minutes)

    def _routes_with_faults(self) -> None:
        """Make a step of the call that reads the routes."""
        read = self.routes.current

        def current(report: Report) -> Routes:
            with self.planned.step("routes.current"):
                return read(report)

        self.routes.current = current  # type: ignore[method-assign]

    def _announce(self, port: object, method: str) -> None:
        made = getattr(port, method)

        def announced(*arguments: Any) -> Any:
            self.planned.begin_call()
            return made(*arguments)

        setattr(port, method, announced)

    def _begin(self, attempt: Attempt) -> None:
        self.planned.perform(lambda: super(Deployment, self)._begin(attempt))

    @contextmanager
    def _function(self) -> Iterator[None]:
        with super()._function():
            self._begun_at = self.clock.now()
            yield
            assert self.clock.now() - self._begun_at < timedelta(seconds=FUNCTION_SECONDS)

    def _pass_time(self, kind: Kind) -> None:
        times_out = self._begun_at + timedelta(seconds=FUNCTION_SECONDS)
        done = self.clock.now() + timedelta(seconds=SECONDS[kind])
        self.clock.advance((min(times_out, done) - self.clock.now()).total_seconds())
        if done > times_out:
            raise Crash  # Lambda ends the function

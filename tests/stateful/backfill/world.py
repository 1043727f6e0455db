"""A world with a backfill: a schedule that runs once a minute, and an endpoint that takes time."""

from collections import Counter
from datetime import timedelta

from relay.backfill.backfill import Backfilling
from relay.backfill.calls import Tick, read_call
from relay.backfill.operations import Operations
from relay.backfill.schedule import Switch
from relay.delivery.report import Report
from relay.errors import TransientError
from relay.model import Attempt

from tests.stateful.moments import Moments
from tests.stateful.world import World
from tests.support import samples
from tests.support.fakes.backfill import (
    FakeBackfillStore,
    FakeBacklog,
    FakeListing,
    FakeSchedule,
)
from tests.support.samples import Json

_STEP = 5
_MINUTE = 60


class BackfillWorld(World):
    """A World whose endpoint ends `per_minute` attempts a minute.

    `fails` are keys of inputs that the model refuses. `ticks` counts the runs of the schedule, and
    `most_running` is the most that the endpoint had at a time. `oldest` is the longest time in
    which an attempt was in the endpoint.
    """

    def __init__(self, per_minute: float = 600, faults: Moments | None = None) -> None:
        super().__init__(faults)
        self.per_minute = per_minute
        self.fails: set[str] = set()
        self.listing = FakeListing(self.faults, self.clock, self.budget)
        self.store = FakeBackfillStore(self.faults)
        self.schedule = FakeSchedule(self.faults)
        self.backlog = FakeBacklog(self.queues, self.faults)
        settings = samples.backfill_settings()
        switch = Switch(self.store, self.schedule, self.clock)
        self.backfilling = Backfilling(
            settings,
            self.store,
            switch,
            self.listing,
            self.ledger,
            self.backlog,
            self.queues,
            self.clock,
            self.budget,
        )
        self.operations = Operations(settings, self.store, switch, self.listing, self.clock)
        self.ticks = 0
        self.most_running = 0
        self.oldest = timedelta(0)
        self._credit = 0.0
        self._next_tick = self.clock.now()

    def call(self, action: str, **members: object) -> Json:
        """One direct call. A crash ends it without an answer: {}."""
        event = {"action": action, **members}
        call = read_call(event, self.operations.settings.inputs)
        assert not isinstance(call, Tick)
        with self._function():
            return self.operations(call)
        return {}

    def insist(self, action: str, **members: object) -> Json:
        """A direct call that its caller repeats until it is answered."""
        for _ in range(10):
            try:
                if answer := self.call(action, **members):
                    return answer
            except TransientError:
                self.pass_minutes(1)
        raise AssertionError(f"{action} was never answered")

    def pass_minutes(self, minutes: float) -> None:
        """Let time pass: deliveries, inferences, and the schedule while it is enabled."""
        until = self.clock.now() + timedelta(minutes=minutes)
        while self.clock.now() < until:
            self.tick_if_due()
            self.deliver_to_submit()
            self._infer()
            self.deliver_to_route()
            self.advance(_STEP)

    def tick_if_due(self) -> None:
        """Run the schedule if a minute has passed, unless it is disabled."""
        if self.clock.now() < self._next_tick or not self.schedule.enabled:
            return
        self._next_tick = self.clock.now() + timedelta(seconds=_MINUTE)
        self.tick()

    def tick(self) -> Report:
        """One run of the schedule. A crash ends it without a report: an empty one."""
        self.ticks += 1
        with self._function():
            return self.backfilling()
        return Report()

    def run(self, name: str, minutes: int = 600) -> Json:
        """Let time pass until a backfill does not run, and return its status.

        Raises:
            AssertionError: it runs on.
        """
        for _ in range(minutes):
            self.pass_minutes(1)
            status = self.insist("status", name=name)
            if status["state"] != "running":
                return status
        raise AssertionError(f"it runs on: {status}")

    @property
    def results(self) -> Counter[str]:
        """How many results there are for each request, as consumers get them."""
        queues = (samples.COMPLETED_QUEUE, samples.FAILED_QUEUE)
        return Counter(
            str(message.group_id) for queue in queues for message in self.queues.delivered(queue)
        )

    @property
    def inferred(self) -> Counter[str]:
        """How often each key was given to the endpoint."""
        return Counter(
            each.request.location.key
            for each in self.endpoint.invocations
            if each.request.location is not None
        )

    @property
    def events(self) -> list[str]:
        """The final events."""
        bus = samples.backfill_settings().event_bus_arn
        return [message.body for message in self.queues.delivered(bus)]

    def _infer(self) -> None:
        self.most_running = max(self.most_running, len(self.running))
        self._credit = self._credit % 1 + self.per_minute * _STEP / 60
        while self.running and self._credit >= 1:
            self._credit -= 1
            attempt = self.running[0]
            self.oldest = max(self.oldest, self.clock.now() - attempt.submitted_at)
            for notification in self.end(attempt, self._outcome(attempt)):
                self.publish(notification)

    def _outcome(self, attempt: Attempt) -> str:
        key = attempt.location.key if attempt.location is not None else ""
        return samples.CLIENT_ERROR if key in self.fails else "completed"


def keys(number: int) -> list[str]:
    return [f"inputs/{each:05}.csv" for each in range(number)]


def check_each_has_one_result(world: BackfillWorld, expected: list[str]) -> None:
    assert dict(world.inferred) == dict.fromkeys(expected, 1)
    assert len(world.results) == len(expected)
    assert set(world.results.values()) == {1}

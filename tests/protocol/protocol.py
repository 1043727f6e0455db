"""The relay's protocol as a system of states: its three functions, and the world around them."""

from dataclasses import dataclass

from tests.protocol.explorer import Exploration, Step, explore
from tests.protocol.model import (
    OPEN,
    Design,
    Fault,
    Message,
    Notice,
    State,
    Steps,
    Worker,
    World,
    fault_step,
    initial_state,
)
from tests.protocol.routing import Routing
from tests.protocol.submitting import Submitting


class Protocol:
    """What can happen next in a state."""

    def __init__(self, world: World, design: Design) -> None:
        self._world = world
        self._design = design
        self._submitting = Submitting(design, world)
        self._routing = Routing(design, world)

    def steps(self, state: State) -> Steps:
        yield from self._upload_event_again(state)
        yield from self._submitting.receive(state)
        yield from self._routing.receive(state)
        yield from self._start_reconciling(state)
        for worker in dict.fromkeys(state.workers):
            match worker.role:
                case "submit":
                    yield from self._submitting.step(state, worker)
                case "route":
                    yield from self._routing.step(state, worker)
                case "reconcile":
                    yield from self._reconcile(state, worker)
        yield from self._infer(state)
        yield from self._pass_time(state)

    def _upload_event_again(self, state: State) -> Steps:
        if state.may(Fault.S3_TWICE):
            again = state.uploads | {Message("upload again", 1)}
            yield fault_step(Fault.S3_TWICE, state._replace(uploads=again))

    def _infer(self, state: State) -> Steps:
        """SageMaker processes each request and publishes how it ended."""
        for attempt in sorted(set(state.running)):
            running = list(state.running)
            running.remove(attempt)
            gone = state._replace(running=tuple(running))
            if state.may(Fault.NO_TRACE):
                yield fault_step(Fault.NO_TRACE, gone)
            for outcome in self._world.outcomes[attempt - 1]:
                ended = gone._replace(objects=state.objects | {(attempt, outcome)})
                notice = Notice(attempt, outcome, from_relay=False)
                yield Step(f"attempt {attempt} {outcome}", ended.with_notices(notice))
                if state.may(Fault.NOTIFICATION_LOST):
                    yield fault_step(Fault.NOTIFICATION_LOST, ended)
                if state.may(Fault.NOTIFIED_TWICE):
                    twice = ended.with_notices(notice, notice)
                    yield fault_step(Fault.NOTIFIED_TWICE, twice)

    def _pass_time(self, state: State) -> Steps:
        """More than five minutes pass, so that FIFO queues take a repeat for a new message.

        No function runs for so long. Unless messages come late, none waits for so long either.
        """
        waits = state.notices and not self._world.late
        if state.recent and not state.busy("route") and not waits:
            yield Step("five minutes pass", state._replace(recent=frozenset()), fair=False)

    def _start_reconciling(self, state: State) -> Steps:
        if not self._design.reconciler or (self._world.one_by_one and state.workers):
            return
        again = state.busy("reconcile") == 1 and state.may(Fault.RECONCILED_AGAIN)
        if state.busy("reconcile") and not again:
            return
        for number, item in enumerate(state.ledger, start=1):
            if item.state != OPEN or number in state.passed or not self._overdue(state, number):
                continue
            if item.held and not self._design.report_held:
                continue  # its message waits for the target
            started = state.with_worker(None, Worker("reconcile", "look up", number))
            if not self._design.cursor_last:
                started = started._replace(passed=state.passed | {number})
            if again:
                yield fault_step(Fault.RECONCILED_AGAIN, started)
            else:
                yield Step(f"attempt {number} is overdue", started)

    def _overdue(self, state: State, attempt: int) -> bool:
        """Whether an open attempt's time may be over.

        SageMaker is done with it by then, and so is a function that claimed it. Unless messages
        wait for hours, all but the reports of an earlier run have come by then too.
        """
        busy = any(w.role == "submit" and w.attempt == attempt for w in state.workers)
        if attempt in state.running or busy:
            return False
        waits = (
            any(not worker.from_relay and worker.role != "reconcile" for worker in state.workers)
            or any(not notice.from_relay for notice in state.notices)
            or state.uploads
            or state.running
        )
        held_for_days = state.down_days < self._world.down_days and not state.busy("route")
        return self._world.overdue or held_for_days or not waits

    def _reconcile(self, state: State, worker: Worker) -> Steps:
        """relay.reconcile.reconcile.Reconcile, for one overdue attempt."""
        number = worker.attempt
        if state.may(Fault.RECONCILE_CRASHES):
            yield fault_step(Fault.RECONCILE_CRASHES, state.with_worker(worker, None))
        match worker.at:
            case "look up":
                after = "find" if state.item(number).state == OPEN else "move the cursor"
                yield Step("DueLedger.look_up", state.going_on(worker, after))
            case "find":
                found = {outcome for attempt, outcome in state.objects if attempt == number}
                seen = "completed" if "completed" in found else "permanent" if found else "expired"
                yield Step("Storage.find", state.going_on(worker, "send", seen=seen))
            case "send":
                sent = state.with_notices(Notice(number, worker.seen, from_relay=True))
                yield Step("Outbox.send", sent.going_on(worker, "move the cursor"))
                if state.may(Fault.SEND_UNSURE):
                    gone = sent.with_worker(worker, None)
                    yield fault_step(Fault.SEND_UNSURE, gone, "Outbox.send")
            case "move the cursor":
                moved = state.with_worker(worker, None)
                yield Step("DueLedger.move_cursor", moved._replace(passed=state.passed | {number}))


@dataclass(frozen=True)
class Bounds:
    """How many results a request can end with at a target, over all that can happen."""

    fewest: int
    most: int
    strays: int

    def __str__(self) -> str:
        return f"{self.fewest}" if self.fewest == self.most else f"{self.fewest}-{self.most}"


def explored(world: World, design: Design) -> Exploration[State]:
    """All that can happen in a world."""
    return explore(initial_state(world), Protocol(world, design).steps)


def bounds(exploration: Exploration[State]) -> Bounds:
    """The bounds over every state in which a run can end."""
    return Bounds(
        min(count for state in exploration.ends for count in state.counts),
        max(count for state in exploration.ends for count in state.counts),
        max(state.strays for state in exploration.ends),
    )

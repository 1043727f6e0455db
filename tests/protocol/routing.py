"""The steps of route, in the model. Labels begin with the port call that a step stands for."""

from tests.protocol.explorer import Step
from tests.protocol.model import (
    ABSENT,
    OPEN,
    Design,
    Fault,
    Item,
    Message,
    State,
    Steps,
    Worker,
    World,
    fault_step,
)

_WORTH_ANOTHER_TRY = ("transient", "expired")
_TERMINAL = {
    "completed": "COMPLETED",
    "transient": "FAILED",
    "permanent": "FAILED",
    "expired": "EXPIRED",
}


class Routing:
    """relay.route.route.Route, for one notification."""

    def __init__(self, design: Design, world: World) -> None:
        self._world = world
        self._design = design
        self._order = (
            ["look up", "send", "mark"] if design.send_first else ["look up", "mark", "send"]
        )
        if not design.look_up_first:
            self._order.remove("look up")
        self._order.append("acknowledge")

    def receive(self, state: State) -> Steps:
        if state.full("route", self._world):
            return
        for notice in sorted(set(state.notices)):
            left = list(state.notices)
            left.remove(notice)
            worker = Worker(
                "route",
                self._order[0],
                notice.attempt,
                outcome=notice.outcome,
                from_relay=notice.from_relay,
                seen=OPEN,
            )
            started = state.with_worker(None, worker)._replace(notices=tuple(left))
            yield Step(f"route receives {notice.outcome} of attempt {notice.attempt}", started)

    def step(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.ROUTE_CRASHES):
            yield fault_step(Fault.ROUTE_CRASHES, _returned(state, worker))
        match worker.at:
            case "look up":
                yield from self._look_up(state, worker)
            case "send":
                yield from self._send(state, worker)
            case "send also":
                yield from self._deliver(state, worker, "also")
            case "hold first":
                yield from self._hold_first(state, worker)
            case "hold":
                yield from self._hold(state, worker)
            case "mark":
                yield from self._mark(state, worker)
            case "give back":
                yield self._give_back(state, worker)
            case "acknowledge":
                yield Step("acknowledge", state.with_worker(worker, None))

    def _give_back(self, state: State, worker: Worker) -> Step[State]:
        """The message comes again, unless it is too old."""
        if state.age_days >= self._design.give_up_days:
            return Step("Outbox.send to the dead-letter queue", state.with_worker(worker, None))
        if state.down_days:  # it comes again a day later
            state = state._replace(down_days=state.down_days - 1, age_days=state.age_days + 1)
        return Step("Inbox.come_back", _returned(state, worker))

    def _next(self, worker: Worker) -> str:
        at = "send" if worker.at == "send also" else worker.at
        return self._order[self._order.index(at) + 1]

    def _look_up(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        ended = item.state not in ("", OPEN)
        otherwise = item.delivered and item.held != _TERMINAL[worker.outcome]
        if ended or otherwise or (item == ABSENT and worker.from_relay):
            after = state.going_on(worker, "acknowledge")  # a duplicate; or parked
        else:
            wiser = worker._replace(
                at=self._next(worker),
                seen=item.state or "nothing",
                held=item.held,
                delivered=item.delivered,
                arrived=item.delivered,
            )
            if worker.from_relay and not item.held and not self._retries(wiser):
                wiser = wiser._replace(at="hold first")
            after = state.with_worker(worker, wiser)
        yield Step("Ledger.look_up", after)

    def _hold_first(self, state: State, worker: Worker) -> Steps:
        """A report of reconcile can repeat a result: it is not sent if nothing can be written."""
        if state.may(Fault.MARK_FAILS):
            failed = state.going_on(worker, "give back")
            yield fault_step(Fault.MARK_FAILS, failed, "Ledger.hold")
        item = state.item(worker.attempt)
        if item.state == OPEN:
            held = item._replace(held=_TERMINAL[worker.outcome], delivered=())
            state = state.with_item(worker.attempt, held)
        yield Step("Ledger.hold", state.going_on(worker, "send"))

    def _retries(self, worker: Worker) -> bool:
        return (
            worker.seen == OPEN
            and worker.outcome in _WORTH_ANOTHER_TRY
            and not worker.delivered
            and worker.attempt < len(self._world.outcomes)
        )

    def _send(self, state: State, worker: Worker) -> Steps:
        if not self._retries(worker):
            yield from self._deliver(state, worker, "first")
            return
        sent = self._retry(state, worker)
        yield Step("Outbox.send", sent.going_on(worker, self._next(worker)))
        if state.may(Fault.SEND_UNSURE):
            for after in (sent, state):
                unsure = after.going_on(worker, "give back")
                yield fault_step(Fault.SEND_UNSURE, unsure, "Outbox.send")

    def _retry(self, state: State, worker: Worker) -> State:
        message = Message(f"retry {state.retries + 1}", worker.attempt + 1)
        return state._replace(uploads=state.uploads | {message}, retries=state.retries + 1)

    def _deliver(self, state: State, worker: Worker, target: str) -> Steps:
        """One delivery of a result; of two in the same call, one may fail and the other not."""
        if target in worker.arrived:
            yield Step(f"{target} has it", self._delivered(state, worker, worker))
            return
        if target == "first" and state.down_days:
            yield Step("Outbox.send ! it is down", self._delivered(state, worker, worker))
            return
        arrived = worker._replace(arrived=tuple(sorted((*worker.arrived, target))))
        sent = self._result(state, worker, target)
        yield Step("Outbox.send", self._delivered(sent, worker, arrived))
        if state.may(Fault.SEND_UNSURE):
            for after in (sent, state):
                unsure = self._delivered(after, worker, worker)
                yield fault_step(Fault.SEND_UNSURE, unsure, "Outbox.send")
        if state.may(Fault.TARGET_DOWN):
            down = self._delivered(state, worker, worker)
            yield fault_step(Fault.TARGET_DOWN, down, "Outbox.send")
        if state.may(Fault.TARGET_HANGS):
            cut_short = self._design.hang == "is cut short"
            hung = self._delivered(state, worker, worker) if cut_short else _returned(state, worker)
            yield fault_step(Fault.TARGET_HANGS, hung, "Outbox.send")

    def _delivered(self, state: State, worker: Worker, wiser: Worker) -> State:
        """With the worker before its next step, which all deliveries together decide on."""
        targets = 2 if self._world.two_targets else 1
        if self._world.two_targets and worker.at == "send":
            return state.with_worker(worker, wiser._replace(at="send also"))
        enough = 1 if self._design.closes_when == "any arrived" else targets
        if len(wiser.arrived) >= enough:
            at = self._next(worker)
        elif wiser.held != _TERMINAL[worker.outcome] or wiser.arrived != wiser.delivered:
            at = "hold"
        else:
            at = "give back"  # the ledger knows all that there is to know
        return state.with_worker(worker, wiser._replace(at=at))

    def _result(self, state: State, worker: Worker, target: str) -> State:
        if worker.seen == "nothing" and target == "first":
            state = state._replace(strays=state.strays + 1)
        if worker.seen == "nothing" and worker.attempt > 1:
            return state  # its id is the attempt's: its request is unknown
        queue = target
        if target == "first":
            queue = "completed" if worker.outcome == "completed" else "failed"
        if self._world.fifo and queue in state.recent:
            return state
        state = state._replace(recent=state.recent | {queue})
        match queue:
            case "completed":
                return state._replace(completed=state.completed + 1)
            case "failed":
                return state._replace(failed=state.failed + 1)
            case _:
                return state._replace(also=(state.also or 0) + 1)

    def _hold(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.MARK_FAILS):
            failed = state.going_on(worker, "give back")
            yield fault_step(Fault.MARK_FAILS, failed, "Ledger.hold")
        item = state.item(worker.attempt)
        arrived = worker.arrived if self._design.remember_what_arrived else ()
        if worker.seen == "nothing" and item == ABSENT:
            item = Item(OPEN, "", 0)
        elif worker.seen == "nothing":
            item = ABSENT  # another function was faster, and nothing is written
        if item.state == OPEN:
            held = item._replace(held=_TERMINAL[worker.outcome], delivered=arrived)
            state = state.with_item(worker.attempt, held)
        yield Step("Ledger.hold", state.going_on(worker, "give back"))

    def _mark(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.MARK_FAILS):
            failed = state.going_on(worker, "give back")
            yield fault_step(Fault.MARK_FAILS, failed, "Ledger.close")
        item = state.item(worker.attempt)
        terminal = "RETRIED" if self._retries(worker) else _TERMINAL[worker.outcome]
        if worker.seen == "nothing" and item == ABSENT:
            state = state.with_item(worker.attempt, Item(terminal, "", 0))
        elif worker.seen == OPEN and item.state == OPEN:
            state = state.with_item(worker.attempt, item._replace(state=terminal))
        yield Step("Ledger.close", state.going_on(worker, self._next(worker)))


def _returned(state: State, worker: Worker) -> State:
    return state.with_worker(worker, None).with_notices(worker.notice)

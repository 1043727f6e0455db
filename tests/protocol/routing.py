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
    """relay.routing.Route, for one notification."""

    def __init__(self, design: Design, world: World) -> None:
        self._world = world
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
            case "mark":
                yield from self._mark(state, worker)
            case "acknowledge":
                yield Step("acknowledge", state.with_worker(worker, None))

    def _next(self, worker: Worker) -> str:
        return self._order[self._order.index(worker.at) + 1]

    def _look_up(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        if item.state not in ("", OPEN) or (item == ABSENT and worker.from_relay):
            after = state.going_on(worker, "acknowledge")  # a duplicate; or parked
        else:
            after = state.going_on(worker, self._next(worker), seen=item.state or "nothing")
        yield Step("Ledger.look_up", after)

    def _retries(self, worker: Worker) -> bool:
        return (
            worker.seen == OPEN
            and worker.outcome in _WORTH_ANOTHER_TRY
            and worker.attempt < len(self._world.outcomes)
        )

    def _send(self, state: State, worker: Worker) -> Steps:
        sent = self._retry(state, worker) if self._retries(worker) else self._result(state, worker)
        yield Step("Outbox.send", sent.going_on(worker, self._next(worker)))
        if state.may(Fault.SEND_UNSURE):
            yield fault_step(Fault.SEND_UNSURE, _returned(sent, worker), "Outbox.send")
            yield fault_step(Fault.SEND_UNSURE, _returned(state, worker), "Outbox.send")

    def _retry(self, state: State, worker: Worker) -> State:
        message = Message(f"retry {state.retries + 1}", worker.attempt + 1)
        return state._replace(uploads=state.uploads | {message}, retries=state.retries + 1)

    def _result(self, state: State, worker: Worker) -> State:
        if worker.seen == "nothing":
            state = state._replace(strays=state.strays + 1)
            if worker.attempt > 1:
                return state  # its id is the attempt's: nobody knows which request it is about
        queue = "completed" if worker.outcome == "completed" else "failed"
        if self._world.fifo and queue in state.recent:
            return state
        state = state._replace(recent=state.recent | {queue})
        if queue == "completed":
            return state._replace(completed=state.completed + 1)
        return state._replace(failed=state.failed + 1)

    def _mark(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.MARK_FAILS):
            yield fault_step(Fault.MARK_FAILS, _returned(state, worker), "Ledger.close")
        item = state.item(worker.attempt)
        terminal = "RETRIED" if self._retries(worker) else _TERMINAL[worker.outcome]
        if worker.seen == "nothing" and item == ABSENT:
            state = state.with_item(worker.attempt, Item(terminal, "", 0))
        elif worker.seen == OPEN and item.state == OPEN:
            state = state.with_item(worker.attempt, item._replace(state=terminal))
        yield Step("Ledger.close", state.going_on(worker, self._next(worker)))


def _returned(state: State, worker: Worker) -> State:
    return state.with_worker(worker, None).with_notices(worker.notice)

"""The steps of submit, in the model. Labels begin with the port call that a step stands for."""

from tests.protocol.explorer import Step
from tests.protocol.model import (
    ABSENT,
    OPEN,
    Design,
    Fault,
    Item,
    State,
    Steps,
    Worker,
    World,
    fault_step,
)


class Submitting:
    """relay.submit.submit.Submit and relay.submit.requeue, for one message."""

    def __init__(self, design: Design, world: World) -> None:
        self._design = design
        self._world = world
        self._first = "claim" if design.claim_first else "invoke"

    def receive(self, state: State) -> Steps:
        if state.full("submit", self._world):
            return
        for message in state.uploads:
            first = self._first
            if message.attempt > 1 and self._design.retry_closes_the_last:
                first = "close the last"
            worker = Worker("submit", first, message.attempt, message.name)
            started = state.with_worker(None, worker)
            yield Step(
                f"submit receives {message.name}",
                started._replace(uploads=state.uploads - {message}),
            )
            if state.may(Fault.DELIVERED_TO_TWO):
                yield fault_step(Fault.DELIVERED_TO_TWO, started)

    def step(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.SUBMIT_CRASHES):
            yield fault_step(Fault.SUBMIT_CRASHES, _returned(state, worker))
        match worker.at:
            case "close the last":
                yield from self._close_the_last(state, worker)
            case "read the last":
                yield from self._read_the_last(state, worker)
            case "claim":
                yield from self._claim(state, worker)
            case "read the claim":
                yield from self._read_the_claim(state, worker)
            case "renew":
                yield from self._renew(state, worker)
            case "invoke":
                yield from self._invoke(state, worker)
            case "release":
                yield from self._release(state, worker)
            case "give back":
                yield Step("Inbox.come_back", _returned(state, worker))
            case "acknowledge":
                yield Step("acknowledge", _acknowledged(state, worker))

    def _close_the_last(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.MARK_FAILS):
            failed = state.going_on(worker, "give back")
            yield fault_step(Fault.MARK_FAILS, failed, "Ledger.close")
        last = state.item(worker.attempt - 1)
        if last.state == OPEN:
            state = state.with_item(worker.attempt - 1, last._replace(state="RETRIED"))
        yield Step("Ledger.close the last", state.going_on(worker, "read the last"))

    def _read_the_last(self, state: State, worker: Worker) -> Steps:
        last = state.item(worker.attempt - 1)
        after = self._first if last.state in ("", "RETRIED") else "acknowledge"
        yield Step("Ledger.look_up the last", state.going_on(worker, after))

    def _claim(self, state: State, worker: Worker) -> Steps:
        done = "invoke" if self._design.claim_first else "acknowledge"
        if state.item(worker.attempt) != ABSENT:
            yield Step("it is claimed already", state.going_on(worker, "read the claim"))
            return
        claimed = state.with_item(worker.attempt, Item(OPEN, worker.name, 0))
        yield Step("Ledger.claim", claimed.going_on(worker, done, version=0))
        if state.may(Fault.CLAIM_UNSURE):
            yield fault_step(
                Fault.CLAIM_UNSURE, claimed.going_on(worker, "give back"), "Ledger.claim"
            )

    def _read_the_claim(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        mine = {
            "same message": item.claimed_by == worker.name,
            "any message": True,
            "never": False,
        }[self._design.take_over]
        if not self._design.claim_first:
            after = "acknowledge"
        elif item == ABSENT:
            after = "give back" if self._design.unread_claim == "not ours" else "invoke"
        else:
            after = "renew" if item.state == OPEN and mine else "acknowledge"
        yield Step("Ledger.claim (what is there)", state.going_on(worker, after))

    def _renew(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        if item.state != OPEN:
            yield Step("Ledger.renew refused", state.going_on(worker, "give back"))
            return
        renewed = state.with_item(worker.attempt, Item(OPEN, worker.name, item.version + 1))
        # It is due later now, in a minute that the cursor has not reached.
        renewed = renewed._replace(passed=state.passed - {worker.attempt})
        yield Step("Ledger.renew", renewed.going_on(worker, "invoke"))

    def _invoke(self, state: State, worker: Worker) -> Steps:
        accepted = state._replace(running=tuple(sorted((*state.running, worker.attempt))))
        done = "acknowledge" if self._design.claim_first else "claim"
        invoke = "Endpoint.invoke"
        yield Step(invoke, accepted.going_on(worker, done))
        always = self._design.release == "all that failed"
        own = worker.version == 0
        refused = "release" if self._design.claim_first and (always or own) else "give back"
        unsure = "release" if self._design.claim_first and always else "give back"
        if state.may(Fault.REFUSED):
            yield fault_step(Fault.REFUSED, state.going_on(worker, refused), invoke)
        if state.may(Fault.INVOKE_UNSURE):
            yield fault_step(Fault.INVOKE_UNSURE, accepted.going_on(worker, unsure), invoke)
            yield fault_step(Fault.INVOKE_UNSURE, state.going_on(worker, unsure), invoke)

    def _release(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        unchanged = item.version == worker.version or self._design.release == "all that failed"
        if item.state == OPEN and item.claimed_by == worker.name and unchanged:
            state = state.with_item(worker.attempt, ABSENT)
        yield Step("Ledger.release", state.going_on(worker, "give back"))


def _returned(state: State, worker: Worker) -> State:
    """The message comes again, unless another worker has acknowledged it meanwhile."""
    gone = state.with_worker(worker, None)
    if worker.name in state.deleted:
        return gone
    return gone._replace(uploads=state.uploads | {worker.message})


def _acknowledged(state: State, worker: Worker) -> State:
    gone = state.with_worker(worker, None)
    held = any(other.role == "submit" and other.name == worker.name for other in gone.workers)
    return gone._replace(
        uploads=state.uploads - {worker.message},
        deleted=state.deleted | {worker.name} if held else state.deleted,
    )

"""The steps of submit, in the model. Labels begin with the port call that a step stands for."""

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
                first = "read the last"
            worker = Worker("submit", first, message.attempt, message.name)
            started = state.with_worker(None, worker)
            yield Step(
                f"submit receives {message.name}",
                started._replace(uploads=state.uploads - {message}),
            )
            if state.may(Fault.DELIVERED_TO_TWO):
                yield fault_step(Fault.DELIVERED_TO_TWO, started)
            for other in state.uploads - {message}:
                if other.attempt == message.attempt:
                    batch = started.with_worker(worker, worker._replace(beside=other.name))
                    yield Step(
                        f"submit receives {message.name}, then {other.name}",
                        batch._replace(uploads=state.uploads - {message, other}),
                    )

    def step(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.SUBMIT_CRASHES):
            yield fault_step(Fault.SUBMIT_CRASHES, _returned(state, worker))
        match worker.at:
            case "read the last":
                yield from self._read_the_last(state, worker)
            case "close the last":
                yield from self._close_the_last(state, worker)
            case "read the last again":
                yield from self._read_the_last_again(state, worker)
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
                yield self._give_back(state, worker)
            case "acknowledge":
                yield Step("acknowledge", _acknowledged(state, worker))

    def _give_back(self, state: State, worker: Worker) -> Step[State]:
        """The message comes again unless it is too old. Both do if the claim was not answered."""
        if state.age_days >= self._design.give_up_days:
            return Step("Outbox.send to the dead-letter queue", _acknowledged(state, worker))
        if worker.beside and worker.seen != "no claim":
            alone = worker._replace(beside="")
            state = _acknowledged(state, worker, worker.beside).with_worker(None, alone)
            worker = alone
        if state.refusing_days:  # it comes again a day later
            days = state.refusing_days - 1
            state = state._replace(refusing_days=days, age_days=state.age_days + 1)
        return Step("Inbox.come_back", _returned(state, worker))

    def _read_the_last(self, state: State, worker: Worker) -> Steps:
        last = state.item(worker.attempt - 1)
        begun = last.delivered and not self._design.retry_closes_what_arrived
        if last.state == OPEN and not begun:
            after = "close the last"
        else:
            after = self._first if last.state in ("", "RETRIED") else "acknowledge"
        yield Step("Ledger.look_up the last", state.going_on(worker, after))

    def _close_the_last(self, state: State, worker: Worker) -> Steps:
        if state.may(Fault.MARK_FAILS):
            failed = state.going_on(worker, "give back")
            yield fault_step(Fault.MARK_FAILS, failed, "Ledger.close")
        last = state.item(worker.attempt - 1)
        if last.state == OPEN:
            state = state.with_item(worker.attempt - 1, last._replace(state="RETRIED"))
        yield Step("Ledger.close the last", state.going_on(worker, "read the last again"))

    def _read_the_last_again(self, state: State, worker: Worker) -> Steps:
        last = state.item(worker.attempt - 1)
        after = self._first if last.state in ("", "RETRIED") else "acknowledge"
        yield Step("Ledger.look_up the last", state.going_on(worker, after))

    def _claim(self, state: State, worker: Worker) -> Steps:
        done = "invoke" if self._design.claim_first else "acknowledge"
        unread = "no claim"
        if state.item(worker.attempt) != ABSENT:
            yield Step("it is claimed already", state.going_on(worker, "read the claim"))
            if worker.beside and state.may(Fault.CLAIM_UNSURE):
                failed = state.going_on(worker, "give back", seen=unread)
                yield fault_step(Fault.CLAIM_UNSURE, failed, "Ledger.claim")
            return
        claimed = state.with_item(worker.attempt, Item(OPEN, worker.name, 0))
        yield Step("Ledger.claim", claimed.going_on(worker, done, version=0))
        if state.may(Fault.CLAIM_UNSURE):
            failed = claimed.going_on(worker, "give back", seen=unread)
            yield fault_step(Fault.CLAIM_UNSURE, failed, "Ledger.claim")

    def _read_the_claim(self, state: State, worker: Worker) -> Steps:
        item = state.item(worker.attempt)
        if (
            worker.beside
            and worker.beside == item.claimed_by
            and self._design.speaks != "the first"
        ):
            speaker = worker._replace(name=worker.beside, beside=worker.name)
            state, worker = state.with_worker(worker, speaker), speaker
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
        always = self._design.release == "all that failed"
        own = worker.version == 0
        refused = "release" if self._design.claim_first and (always or own) else "give back"
        unsure = "release" if self._design.claim_first and always else "give back"
        if state.refusing_days:
            yield Step(f"{invoke} ! it refuses", state.going_on(worker, refused))
            return
        yield Step(invoke, accepted.going_on(worker, done))
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
    """The messages come again, unless another worker has acknowledged them meanwhile."""
    gone = state.with_worker(worker, None)
    returned = {Message(name, worker.attempt) for name in _names(worker) - state.deleted}
    return gone._replace(uploads=state.uploads | returned)


def _acknowledged(state: State, worker: Worker, *only: str) -> State:
    """The messages of the worker, or only these, are deleted, and the worker is done."""
    gone = state.with_worker(worker, None)
    names = set(only) or _names(worker)
    at_work = {name for each in gone.workers if each.role == "submit" for name in _names(each)}
    return gone._replace(
        uploads=state.uploads - {Message(name, worker.attempt) for name in names},
        deleted=state.deleted | (names & at_work),
    )


def _names(worker: Worker) -> set[str]:
    return {worker.name, worker.beside} - {""}

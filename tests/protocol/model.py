"""What the model of the protocol is made of: one request, and all that is under way for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from tests.protocol.explorer import Step


class Fault(StrEnum):
    """What may go wrong, each so many times, at every place where it can."""

    S3_TWICE = "S3 delivers the event twice"
    DELIVERED_TO_TWO = "SQS delivers one message to two functions at once"
    SUBMIT_CRASHES = "submit crashes"
    CLAIM_UNSURE = "the claim is written, but the call fails"
    REFUSED = "the endpoint refuses for now"
    INVOKE_UNSURE = "InvokeEndpointAsync breaks off"
    NOTIFIED_TWICE = "SNS delivers the notification twice"
    NOTIFICATION_LOST = "the notification is lost"
    NO_TRACE = "SageMaker drops the request without a trace"
    ROUTE_CRASHES = "route crashes"
    SEND_UNSURE = "sending breaks off"
    TARGET_DOWN = "a target cannot be reached"
    TARGET_HANGS = "a target hangs"
    MARK_FAILS = "the mark cannot be written"
    RECONCILE_CRASHES = "reconcile crashes"
    RECONCILED_AGAIN = "reconcile runs twice at once"


FAULTS = tuple(Fault)


@dataclass(frozen=True)
class Design:
    """What the relay does. The defaults are what the code does; the rest are mistakes to try."""

    claim_first: bool = True
    send_first: bool = True
    look_up_first: bool = True
    reconciler: bool = True
    cursor_last: bool = True
    take_over: Literal["same message", "any message", "never"] = "same message"
    release: Literal["own refused claims", "all that failed"] = "own refused claims"
    unread_claim: Literal["not ours", "ours"] = "not ours"
    retry_closes_the_last: bool = True
    retry_closes_what_arrived: bool = False
    remember_what_arrived: bool = True
    closes_when: Literal["all arrived", "any arrived"] = "all arrived"
    speaks: Literal["the claimant", "the first"] = "the claimant"
    hang: Literal["is cut short", "outlasts the function"] = "is cut short"
    give_up_days: int = 10
    report_held: bool = False


@dataclass(frozen=True)
class World:
    """What the relay has to live with.

    `late`: a message may come again after the five minutes in which a FIFO queue drops repeats.
    `overdue`: it may even wait on its queue until its attempt is overdue. `outcomes`: how each
    attempt may end when it is inferred: completed, transient (worth another try) or permanent; it
    has a member for each attempt that is allowed. `two_targets`: every result goes to another
    target as well. `down_days` and `refusing_days`: for so long the first target cannot be reached,
    and the endpoint refuses, whatever else happens; a message is tried once a day then.
    """

    faults: Mapping[Fault, int]
    at_most: int = 99  # faults in all
    fifo: bool = True
    late: bool = False
    overdue: bool = False
    outcomes: tuple[tuple[str, ...], ...] = (("completed",),)
    two_targets: bool = False
    down_days: int = 0
    refusing_days: int = 0
    one_by_one: bool = False  # else two submits, two routes and reconcile work at the same time


class Message(NamedTuple):
    """On SubmitQueue: an upload (attempt 1) or a retry."""

    name: str
    attempt: int


class Notice(NamedTuple):
    """On NotificationQueue."""

    attempt: int
    outcome: str
    from_relay: bool


class Item(NamedTuple):
    """Of the ledger. `version` stands for the time of the claim or take-over that wrote it last.

    `held` is the outcome of a result that has not arrived everywhere, `delivered` where it has.
    """

    state: str
    claimed_by: str
    version: int
    held: str = ""
    delivered: tuple[str, ...] = ()


ABSENT = Item("", "", 0)
OPEN = "OPEN"


class Worker(NamedTuple):
    """A function at work on one message, before its next step. `seen` is what it learnt so far.

    `beside` is another message of the same batch that brings the same request. `held` and
    `delivered` are what the ledger said of the result, `arrived` what arrived since too.
    """

    role: str
    at: str
    attempt: int
    name: str = ""
    outcome: str = ""
    from_relay: bool = False
    seen: str = ""
    version: int = -1
    held: str = ""
    delivered: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    beside: str = ""

    @property
    def message(self) -> Message:
        return Message(self.name, self.attempt)

    @property
    def notice(self) -> Notice:
        return Notice(self.attempt, self.outcome, self.from_relay)


class State(NamedTuple):
    """All there is to know at one moment. Sorted tuples stand for bags."""

    uploads: frozenset[Message]
    notices: tuple[Notice, ...]
    workers: tuple[Worker, ...]
    ledger: tuple[Item, ...]
    faults: tuple[int, ...]
    faults_left: int
    deleted: frozenset[str] = frozenset()  # acknowledged by one worker while another holds it
    running: tuple[int, ...] = ()  # attempts that SageMaker works on
    objects: frozenset[tuple[int, str]] = frozenset()  # in S3: outputs and failures
    passed: frozenset[int] = frozenset()  # attempts that reconcile's cursor is past
    retries: int = 0  # names of retry messages
    completed: int = 0  # results that consumers of the completed queue see
    failed: int = 0  # and those of the failed queue
    also: int | None = None  # and those of the second target, where there is one
    strays: int = 0  # results that do not know their request, though the relay made it
    recent: frozenset[str] = frozenset()  # targets that drop a repeat now
    down_days: int = 0  # left
    refusing_days: int = 0  # left
    age_days: int = 0  # of the messages that wait meanwhile

    @property
    def results(self) -> int:
        return self.completed + self.failed

    @property
    def counts(self) -> tuple[int, ...]:
        """The results that each target has."""
        return (self.results,) if self.also is None else (self.results, self.also)

    def item(self, attempt: int) -> Item:
        return self.ledger[attempt - 1]

    def with_item(self, attempt: int, item: Item) -> "State":
        ledger = (*self.ledger[: attempt - 1], item, *self.ledger[attempt:])
        return self._replace(ledger=ledger)

    def with_worker(self, old: Worker | None, new: Worker | None) -> "State":
        workers = list(self.workers)
        if old is not None:
            workers.remove(old)
        if new is not None:
            workers.append(new)
        return self._replace(workers=tuple(sorted(workers)))

    def going_on(self, worker: Worker, at: str, seen: str = "", version: int = -1) -> "State":
        """With the worker before another step, and perhaps knowing more."""
        wiser = worker._replace(
            at=at,
            seen=seen or worker.seen,
            version=worker.version if version < 0 else version,
        )
        return self.with_worker(worker, wiser)

    def with_notices(self, *notices: Notice) -> "State":
        return self._replace(notices=tuple(sorted((*self.notices, *notices))))

    def may(self, fault: Fault) -> bool:
        return self.faults_left > 0 and self.faults[FAULTS.index(fault)] > 0

    def after(self, fault: Fault) -> "State":
        index = FAULTS.index(fault)
        faults = (*self.faults[:index], self.faults[index] - 1, *self.faults[index + 1 :])
        return self._replace(faults=faults, faults_left=self.faults_left - 1)

    def full(self, role: str, world: "World") -> bool:
        """Whether no further function of a kind can start now."""
        return bool(self.workers) if world.one_by_one else self.busy(role) == 2

    def busy(self, role: str) -> int:
        return sum(worker.role == role for worker in self.workers)


def initial_state(world: World) -> State:
    """One file is uploaded, and S3's event is in the queue."""
    return State(
        uploads=frozenset({Message("upload", 1)}),
        notices=(),
        workers=(),
        ledger=(ABSENT,) * len(world.outcomes),
        faults=tuple(world.faults.get(fault, 0) for fault in FAULTS),
        faults_left=world.at_most,
        also=0 if world.two_targets else None,
        down_days=world.down_days,
        refusing_days=world.refusing_days,
    )


Steps = Iterator[Step[State]]


def fault_step(fault: Fault, state: State, call: str = "", more: str = "") -> Step[State]:
    """A step that uses up one of the faults that may happen; nothing makes it happen.

    `call` is the port call that the fault happens to.
    """
    return Step(f"{call} ! {fault}{more}".strip(), state.after(fault), fair=False)

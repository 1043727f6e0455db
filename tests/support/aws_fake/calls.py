"""Every call of every client: counted, logged, and hit by the faults that are planned for it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from relay.aws.clients import LIMITS, Limits

from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import Refused, denied, not_answered, not_connected, throttled
from tests.support.aws_fake.faults import DENIED_FOR, Denial, Killed, Kind

Document = dict[str, Any]
Effect = Callable[[], Document]

_LATENCY = 0.05
# `Timeout` of the function in template.yaml.
FUNCTION_SECONDS = 45
_LIMITS = {**LIMITS, "autoscaling": LIMITS["application-autoscaling"]}
# One PUT, which nothing repeats.
_WITHOUT_SDK = Limits(connect=0, read=10)


@dataclass(slots=True)
class Call:
    """One call as the log shows it."""

    number: int
    seconds: float
    invocation: str
    service: str
    operation: str
    subject: str
    outcome: str = ""

    @property
    def changes(self) -> bool:
        """Whether it does more than read."""
        return not self.operation.startswith(("describe_", "get_", "list_", "receive_"))

    def __str__(self) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        return (
            f"{minutes:4.0f}:{seconds:05.2f} #{self.number:<3} [{self.invocation}] "
            f"{self.service}.{self.operation} {self.subject}: {self.outcome}"
        )


@dataclass(slots=True)
class Invocation:
    """Of the function: Lambda ends it at its deadline."""

    name: str
    deadline: datetime
    calls: int = 0


@dataclass
class _Current(threading.local):
    invocation: Invocation | None = None


@dataclass
class Calls:
    """`plan` are faults by the numbers of calls. `permit` raises Refused for a missing permission.

    `hand_over` lets another invocation go on; `before` is called ahead of each effect, and
    `scale_in` where an endpoint is to fall asleep.
    """

    clock: Clock
    plan: Mapping[int, Kind] = field(default_factory=dict)
    made: list[Call] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    permit: Callable[[str, str, str], None] = lambda service, operation, subject: None
    hand_over: Callable[[], None] = lambda: None
    before: list[Callable[[Call], None]] = field(default_factory=list)
    scale_in: Callable[[], None] = lambda: None
    _current: _Current = field(default_factory=_Current)

    def begin(self, name: str) -> Invocation:
        """An invocation of the function begins in this thread."""
        deadline = self.clock.now() + timedelta(seconds=FUNCTION_SECONDS)
        self._current.invocation = Invocation(name, deadline)
        return self._current.invocation

    def note(self, text: str) -> None:
        """Add to the log what is no call."""
        minutes, seconds = divmod(self.clock.seconds, 60)
        self.log.append(f"{minutes:4.0f}:{seconds:05.2f} {text}")

    def perform(self, service: str, operation: str, subject: str, effect: Effect) -> Document:
        """Make a call.

        Raises:
            ClientError, BotoCoreError: as botocore would.
            Killed: the function ends here.
        """
        self.hand_over()
        invocation = self._current.invocation
        assert invocation is not None, "a call outside of any invocation"
        invocation.calls += 1
        call = Call(
            len(self.made), self.clock.seconds, invocation.name, service, operation, subject
        )
        self.made.append(call)
        try:
            answer = self._perform(call, effect)
        except (ClientError, BotoCoreError, Killed) as error:
            call.outcome = f"{type(error).__name__} {error}"[:200]
            raise
        finally:
            self.log.append(str(call))
        return answer

    def _perform(self, call: Call, effect: Effect) -> Document:
        kind, limits = self.plan.get(call.number), _LIMITS.get(call.service, _WITHOUT_SDK)
        if kind is Kind.KILLED_BEFORE:
            raise Killed("before the effect")
        self._pass(_LATENCY)
        if kind is Kind.SCALED_IN:
            self.scale_in()
        if kind is Kind.THROTTLED:
            self._pass(1)
            raise throttled(call.service).of(call.operation)
        if kind is Kind.NO_EFFECT:
            self._pass(limits.seconds)
            raise not_connected(call.service)
        if kind in DENIED_FOR:
            until = self.clock.now() + timedelta(seconds=DENIED_FOR[kind])
            self.denials.append(_denial(call, until))
        answer, refusal = self._tried(call, effect)
        if kind is Kind.LOST_ONCE and limits.tries > 1:
            self._pass(limits.read)
            answer, refusal = self._tried(call, effect)
        elif kind in (Kind.LOST, Kind.LOST_ONCE):
            self._pass(limits.seconds)
            raise not_answered(call.service)
        if kind is Kind.KILLED_AFTER:
            raise Killed("after the effect")
        if refusal is not None:
            raise refusal
        return answer

    def _tried(self, call: Call, effect: Effect) -> tuple[Document, ClientError | None]:
        """The answer, or the refusal: either of them may get lost."""
        try:
            return self._once(call, effect), None
        except ClientError as error:
            return {}, error

    def _once(self, call: Call, effect: Effect) -> Document:
        now = self.clock.now()
        try:
            for denial in self.denials:
                if denial.applies(call.service, call.operation, call.subject, now):
                    raise denied(call.service, call.operation, call.subject)
            self.permit(call.service, call.operation, call.subject)
            for act in self.before:
                act(call)
            answer = effect()
        except Refused as refused:
            raise refused.of(call.operation) from refused
        call.outcome = _short(answer)
        return answer

    def _pass(self, seconds: float) -> None:
        """Raise Killed where the function's time ends first."""
        invocation = self._current.invocation
        assert invocation is not None
        ends = self.clock.now() + timedelta(seconds=seconds)
        if ends > invocation.deadline:
            self.clock.advance_to(invocation.deadline)
            raise Killed("timed out")
        self.clock.advance_to(ends)


def _short(answer: Document) -> str:
    if "EndpointStatus" in answer:
        reason = f" ({answer['FailureReason']})" if "FailureReason" in answer else ""
        variants = answer.get("ProductionVariants", [])
        count = sum(each["DesiredInstanceCount"] for each in variants)
        return f"{answer['EndpointStatus']} {answer['EndpointConfigName']} × {count}{reason}"
    if "Status" in answer:
        return f"{answer['Status']} {answer['Reason'][:160]}".rstrip()
    if "Item" in answer:
        return f"version {answer['Item'].get('version', {}).get('N')}"
    return "done"


def _denial(call: Call, until: datetime) -> Denial:
    """Of the same operation on the same resource; a table is away as a whole."""
    if call.service == "dynamodb":
        return Denial(call.service, "", "", until)
    return Denial(call.service, call.operation, call.subject, until)

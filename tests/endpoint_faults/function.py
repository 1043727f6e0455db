"""The provision function on Lambda: asynchronous events and their retries, and direct calls."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, Final
from unittest.mock import patch

from relay import bootstrap
from relay.aws.dynamodb import record_store
from relay.aws.dynamodb.json_codec import from_json
from relay.delivery.report import Note
from relay.errors import RelayError, UnreadableMessage
from relay.events.endpoint_events import read_event

from local.cloudformation.template import Template
from local.stack.settings import REPOSITORY
from tests.endpoint_faults.agenda import Agenda
from tests.endpoint_faults.overlaps import Overlap, side_by_side
from tests.support.aws_fake.account import Account
from tests.support.aws_fake.faults import Killed
from tests.support.provisioning.properties import ENDPOINT, REGION

# Lambda's pauses before the second and the third try of an asynchronous event.
_PAUSES: Final = (60, 120)
# Of Lambda, where template.yaml has no MaximumEventAgeInSeconds.
_DEFAULT_AGE: Final = 21_600
# Of one invocation: after an outage a sweep stores an upload and a request, responds, begins the
# roll-out, and removes what is left at a former name.
MOST_CALLS: Final = 48


@dataclass(frozen=True)
class Event:
    """`since`: when it was sent, in seconds of the run. `tries` are those that failed."""

    name: str
    body: Any
    since: float
    tries: int = 0


@dataclass
class Function:
    """`endpoint_name` is its environment variable. `there` is False once it is deleted."""

    account: Account
    agenda: Agenda
    overlap: Overlap | None = None
    endpoint_name: str = ENDPOINT
    there: bool = False
    # How late the first delivery of the next event is.
    delay: float = 1.0
    # How late the tries are that follow one that failed.
    pauses: tuple[float, ...] = _PAUSES
    invocations: int = 0
    # The numbers of invocations that did more than look.
    active: list[int] = field(default_factory=list)
    calls_of: dict[int, int] = field(default_factory=dict)
    dead_letters: list[Event] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    companion: Callable[[str, Event], Event] = lambda kind, event: event

    def send(self, name: str, body: Any, delay: float | None = None) -> None:
        """Invoke it asynchronously, as CloudFormation, EventBridge and S3 do."""
        event = Event(name, body, self.account.clock.seconds)
        self._plan(event, self.delay if delay is None else delay)

    def call(self, name: str, body: Any) -> Any:
        """Invoke it directly. None: the invocation failed, and Lambda does not repeat it."""
        return self._invoke(Event(name, body, self.account.clock.seconds))

    def _plan(self, event: Event, delay: float) -> None:
        self.agenda.after(delay, lambda: self._deliver(event))

    def _deliver(self, event: Event) -> None:
        age = self.account.clock.seconds - event.since
        if not self.there:
            return
        if age > maximum_age():
            self._give_up(event, "EventAgeExceeded")
        elif self._invoke(event) is None:
            if event.tries < len(self.pauses):
                self._plan(replace(event, tries=event.tries + 1), self.pauses[event.tries])
            else:
                self._give_up(event)

    def _give_up(self, event: Event, condition: str = "RetriesExhausted") -> None:
        """Send Lambda's record of the failed invocations to the on-failure destination."""
        self.dead_letters.append(event)
        self.account.calls.note(f"{event.name}: to the on-failure destination")
        record = {
            "version": "1.0",
            "timestamp": self.account.clock.now().isoformat(),
            "requestContext": {"condition": condition},
            "requestPayload": event.body,
        }
        self.account.failed.put(json.dumps(record))

    def _invoke(self, event: Event) -> Any:
        """One invocation; or two at a time, where the overlap is planned for it."""
        number, self.invocations = self.invocations, self.invocations + 1
        overlap = self.overlap
        if overlap is None or overlap.invocation != number:
            first = len(self.account.calls.made)
            try:
                return self._handle(event)
            finally:
                made = self.account.calls.made[first:]
                self.calls_of[number] = len(made)
                if any(call.changes for call in made):
                    self.active.append(number)
        other = self.companion(overlap.companion, event)
        mine, _ = side_by_side(
            self.account.calls, overlap, lambda: self._handle(event), lambda: self._handle(other)
        )
        return mine

    def _handle(self, event: Event) -> Any:
        """None where the invocation failed."""
        invocation = self.account.calls.begin(f"{event.name}/{event.tries + 1}")
        environment = {
            "ENDPOINT_NAME": self.endpoint_name,
            "ROLL_OUT_UPLOADS": "true",
            "STACK_ID": "arn:aws:cloudformation:us-east-1:000000000000:stack/stack/7b1f",
            "LEDGER_TABLE_NAME": "relay-Ledger",
            "PROVISION_DEAD_LETTER_QUEUE_URL": "https://sqs/relay-Provision",
            "AWS_REGION": REGION,
            "INPUT_BUCKET": "",
            "INPUT_PREFIXES": "inputs/",
        }
        try:
            return bootstrap.provision(self._journal, environment).handle(read_event(event.body))
        except Killed as error:
            self.account.calls.note(f"{event.name}: killed {error}")
        except UnreadableMessage as error:
            self.violations.append(f"{event.name} cannot be read: {error}")
        except RelayError as error:
            self.account.calls.note(f"{event.name}: {type(error).__name__} {error}"[:300])
        except Exception as error:
            self.violations.append(f"{event.name} raised {type(error).__name__}: {error}"[:400])
        finally:
            if invocation.calls > MOST_CALLS:
                self.violations.append(f"{event.name} made {invocation.calls} calls")
        return None

    def _journal(self, note: Note) -> None:
        self.account.calls.note(f"  {note.text}"[:240])


@cache
def maximum_age() -> float:
    """How old an event may be when Lambda delivers it, in seconds."""
    resources = Template.read(REPOSITORY / "template.yaml").document["Resources"]
    invoke = resources["ProvisionFunction"]["Properties"].get("EventInvokeConfig", {})
    return float(invoke.get("MaximumEventAgeInSeconds", _DEFAULT_AGE))


# Records are immutable, and the same ones are read again and again: three quarters of a run's time.
_from_json = lru_cache(20_000)(from_json)


@contextmanager
def on_fake_aws(account: Account) -> Iterator[None]:
    """Inside the block the composition root makes the account's clients, and has its clock."""
    with (
        patch.object(bootstrap, "Clients", lambda **_: account.clients),
        patch.object(bootstrap, "SystemClock", lambda: account.clock),
        patch.object(record_store, "from_json", _from_json),
    ):
        yield

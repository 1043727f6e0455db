"""Everything together: the account, the function, stacks, sweeps, events, and what people do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Final

from tests.endpoint_faults.agenda import Agenda
from tests.endpoint_faults.cloudformation import Answer, Pause, Process, Sent, Stack
from tests.endpoint_faults.function import Event, Function, on_fake_aws
from tests.endpoint_faults.overlaps import Overlap
from tests.support import samples
from tests.support.aws_fake.account import Account
from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.faults import Kind
from tests.support.aws_fake.services.response_urls import answering

_SWEEP: Final = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
# After so long without a change of anything but the record, nothing more will happen.
_QUIET: Final = 420
_FIRST_SWEEP: Final = 31.5
# No run takes longer.
_HOURS: Final = 8


@dataclass(frozen=True)
class Surroundings:
    """How AWS behaves in a whole run: each value is in seconds.

    `events`: how late each copy of a state-change event is delivered; none of them is lost events.
    `lag`: of descriptions. `grants`: until permissions for a new name arrive.
    """

    events: tuple[float, ...] = (1.0,)
    lag: float = 0.0
    grants: float = 0.0


PROMPT: Final = Surroundings()
SURROUNDINGS: Final[Mapping[str, Surroundings]] = {
    "prompt": PROMPT,
    "late": Surroundings(events=(2.0, 25.0), lag=5.0),
    "deaf": Surroundings(events=(), grants=60.0),
}


class Simulation:
    """One run. `plan` are faults by the numbers of calls."""

    def __init__(
        self,
        plan: Mapping[int, Kind],
        surroundings: Surroundings = PROMPT,
        overlap: Overlap | None = None,
    ) -> None:
        self.account = Account(plan)
        self.account.sagemaker.lag = surroundings.lag
        self.account.sagemaker.announce = self._announce
        self.surroundings = surroundings
        self.agenda = Agenda(self.account.clock)
        self.function = Function(self.account, self.agenda, overlap)
        self.function.companion = self._companion
        self.stacks: list[Stack] = []
        self.sent: dict[str, Sent] = {}
        # The artifact of a roll-out beside another invocation.
        self.beside = ""
        self.rolls_out_beside = bool(overlap and overlap.companion == "deploy")
        # Calls before this number belong to what was there before the scenario.
        self.first = self.first_invocation = 0
        self._waiting: dict[str, Process] = {}
        self._ended_at = 0.0
        self._processes = 0
        self._sweeps = 0

    def stack(self) -> Stack:
        """A new stack; the one before must be gone."""
        self.stacks.append(
            Stack(
                self.account,
                self.function,
                len(self.stacks) + 1,
                grant_delay=self.surroundings.grants,
            )
        )
        return self.stacks[-1]

    def run(self, *processes: Process) -> None:
        """Until all processes have ended and nothing more happens.

        Raises:
            AssertionError: it does not end.
        """
        with on_fake_aws(self.account), answering(self.account.calls, self._take):
            for process in processes:
                self.start(process)
            self.agenda.after(_FIRST_SWEEP, self._sweep)
            while self._processes or not self._quiet():
                assert self.account.clock.seconds < _HOURS * 3600, "work is left after 8 hours"
                self.agenda.step()

    def start(self, process: Process) -> None:
        """Begin a process beside those that run."""
        self._processes += 1
        self._resume(process, None)

    def call(self, **members: Any) -> Process:
        """A direct call; a caller without a response repeats it."""
        for _ in range(20):
            answer = self.function.call(members["action"], members)
            if answer is not None:
                self.account.calls.note(f"{members['action']}: {answer}"[:200])
                return
            yield Pause(20)

    def upload(self, key: str, version: str) -> None:
        """S3 announces a new artifact."""
        body = samples.upload(key, sequencer=version)
        for record in body["Records"]:
            record["eventTime"] = self.account.clock.now().isoformat()
            record["s3"]["object"]["eTag"] = version
        self.function.send(f"upload {key}", body)

    def next_sweep(self, seconds: float) -> float:
        """When the first sweep after so many seconds of the run begins."""
        return ceil((seconds - _FIRST_SWEEP) / 60) * 60 + _FIRST_SWEEP

    def begin(self) -> None:
        """What came before is no part of the scenario: it gets no faults."""
        self.first = len(self.account.calls.made)
        self.first_invocation = self.function.invocations
        self.account.calls.note("--- the scenario begins")

    # --- processes -------------------------------------------------------------------------------

    def _resume(self, process: Process, answer: Answer | None) -> None:
        try:
            wanted = process.send(answer)
        except StopIteration:
            self._processes -= 1
            self._ended_at = self.account.clock.seconds
            return
        if isinstance(wanted, Pause):
            self.agenda.after(wanted.seconds, lambda: self._resume(process, None))
            return
        self._send(wanted, process)

    def _send(self, sent: Sent, process: Process) -> None:
        sent.at = self.account.clock.seconds
        self.sent[sent.request_id] = sent
        self._waiting[sent.request_id] = process
        self.account.calls.note(f"CloudFormation: {sent.request_id} {sent.physical_id}")
        self.function.send(
            sent.request_id, sent.event(self.stacks[-1].id, self.account.clock.now())
        )

        def give_up() -> None:
            if sent.request_id in self._waiting:
                how = "timed out" if sent.cancelled_after is None else "cancelled"
                self.account.calls.note(f"CloudFormation: {sent.request_id} {how}")
                self._resume(self._waiting.pop(sent.request_id), None)

        self.agenda.after(sent.patience, give_up)

    def _take(self, url: str, document: Document) -> None:
        """An answer arrives; CloudFormation counts the first one."""
        sent = self.sent[url.split("/")[-1].split("?")[0]]
        answer = Answer(
            document["Status"], document["PhysicalResourceId"], document.get("Reason", "")
        )
        sent.answers.append((self.account.clock.seconds - sent.at, answer))
        if process := self._waiting.pop(sent.request_id, None):
            self.on_answer(sent, answer)
            self.agenda.after(1, lambda: self._resume(process, answer))

    def on_answer(self, sent: Sent, answer: Answer) -> None:
        """Replaced by what checks the state of AWS at this moment."""

    # --- what invokes the function ---------------------------------------------------------------

    def _sweep(self) -> None:
        if self.function.there:
            self._sweeps += 1
            self.function.send(f"sweep {self._sweeps}", _SWEEP, 0)
        self.agenda.after(60, self._sweep)

    def _announce(self, name: str, status: str) -> None:
        """Only the rule of the function's own endpoint matches."""
        self.account.calls.note(f"endpoint {name}: {status}")
        if name == self.function.endpoint_name:
            for delay in self.surroundings.events:
                self.function.send(f"event {status}", self._state_change(name, status), delay)

    def _state_change(self, name: str, status: str) -> Document:
        detail = {"EndpointName": name, "EndpointStatus": status}
        return {
            "detail-type": "SageMaker Endpoint State Change",
            "source": "aws.sagemaker",
            "detail": detail,
        }

    def _companion(self, kind: str, event: Event) -> Event:
        now, name = self.account.clock.seconds, self.function.endpoint_name
        match kind:
            case "again":
                return event
            case "event":
                return Event("beside: event", self._state_change(name, "InService"), now)
            case "deploy":
                body = {"action": "deploy", "model_data_url": self.beside}
                return Event("beside: deploy", body, now)
        return Event("beside: sweep", _SWEEP, now)

    def _quiet(self) -> bool:
        """Whether nothing but the record has changed for a while, and nothing is on its way."""
        changes = [
            call.seconds
            for call in reversed(self.account.calls.made[-60:])
            if call.service != "dynamodb" and call.changes
        ]
        began, denials = self.account.clock.began, self.account.calls.denials
        denied = [(each.until - began).total_seconds() for each in denials]
        last = max(changes[0] if changes else 0.0, self._ended_at, *denied)
        idle = self.account.clock.next_due is None
        return idle and self.account.clock.seconds - last > _QUIET


def minutes(count: float) -> Pause:
    return Pause(timedelta(minutes=count).total_seconds())

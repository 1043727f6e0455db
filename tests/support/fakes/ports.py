"""Fakes of the relay's ports that behave like the services behind them, and fail on demand.

They pass the same contract as the adapters (`tests/contract`). What they leave out is said in their
docstrings.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from relay.delivery.report import Report
from relay.errors import NotTried, PermanentError, RelayError
from relay.ports import Accepted, Submission
from relay.routes.compiled import Routes

from tests.support.sagemaker.output_names import OutputNames

if TYPE_CHECKING:
    from tests.support.fakes.hangs import Hangs


class Crash(BaseException):
    """The process dies here. Nothing in the relay may catch it."""


@dataclass(frozen=True)
class _Fault:
    error: BaseException
    after: bool


class Faults:
    """Faults by the step at which they are raised.

    A step is one entry of a batch (`endpoint.invoke`, `ledger.look_up`, `ledger.claim`,
    `ledger.renew`, `ledger.release`, `ledger.close`, `ledger.hold`, `ledger.postpone`,
    `storage.find`, `queues.send`) or a whole call (`ledger.due`, `queues.come_back`,
    `queues.in_flight`). A RelayError fails that entry or call; a Crash ends everything. `steps` are
    all steps that were begun, in their order. `hangs` are the calls that take time instead of
    answering.
    """

    def __init__(self, hangs: "Hangs | None" = None) -> None:
        self.steps: list[str] = []
        self.hangs = hangs
        self._planned: dict[tuple[str, int], _Fault] = {}
        # How often each step is in `steps`, which may become long.
        self._numbers = Counter[str]()

    def plan(self, step: str, error: BaseException, *, nth: int = 1, after: bool = False) -> None:
        """Has the n-th such step from now on go wrong, once.

        `after` means that the step has its effect, and only the answer is lost.
        """
        self._planned[step, self._numbers[step] + nth] = _Fault(error, after)

    def hang(self, step: str) -> RelayError | None:
        """The error of a call that hangs, or is not made because one hung before."""
        return None if self.hangs is None else self.hangs.call(step)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        self._numbers[name] += 1
        fault = self._planned.pop((name, self._numbers[name]), None)
        if fault is not None and not fault.after:
            raise fault.error
        yield
        if fault is not None:
            raise fault.error

    def perform(self, act: Callable[[], None]) -> None:
        """Perform the effect of the step that is under way."""
        act()


class FakeClock:
    """Stands still until `advance`."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class FakeEndpoint:
    """Takes what SageMaker takes, remembers it, and refuses the rest as SageMaker does.

    `trouble` is what every invocation meets until it is None again. `names` says where outputs go;
    without it they go where the claim predicted, except for `output_locations`, by inference id.
    `refuses` are the members without which every request is taken. It infers nothing and publishes
    no notification.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.invocations: list[Submission] = []
        self.trouble: RelayError | None = None
        self.output_locations: dict[str, str] = {}
        self.names: OutputNames | None = None
        self.refuses: frozenset[str] = frozenset()
        self._faults = faults or Faults()

    @property
    def invoked(self) -> list[str]:
        """The inference ids, in the order in which they came."""
        return [submission.attempt.id for submission in self.invocations]

    def invoke(self, submissions: Sequence[Submission]) -> Mapping[str, Accepted | RelayError]:
        if submissions and (error := self._faults.hang("endpoint.invoke")):
            return _hung(error, submissions)
        answers: dict[str, Accepted | RelayError] = {}
        for submission in submissions:
            try:
                with self._faults.step("endpoint.invoke"):
                    answer = self._invoke(submission)
                answers[submission.attempt.id] = answer
            except RelayError as error:
                answers[submission.attempt.id] = error
        return answers

    def _invoke(self, submission: Submission) -> Accepted:
        if self.trouble is not None:
            raise self.trouble
        _check_invocation(submission)
        self.invocations.append(submission)
        attempt = submission.attempt
        location = self.output_locations.get(attempt.id, attempt.output_location)
        if self.names is not None:
            ignored = self.names.ignores | self.refuses
            location = replace(self.names, ignores=ignored).location(submission)
        return Accepted(location, self.refuses)


def _hung(error: RelayError, submissions: Sequence[Submission]) -> dict[str, Accepted | RelayError]:
    """Ten calls hang side by side; the others are not made after that."""
    not_tried = NotTried("endpoint.invoke: the endpoint did not answer before")
    return {
        submission.attempt.id: error if index < 10 else not_tried
        for index, submission in enumerate(submissions)
    }


def _check_invocation(submission: Submission) -> None:
    """SageMaker's own checks, written from its service model and not from `relay.submit.limits`."""
    request, attempt = submission.request, submission.attempt
    headers = (request.content_type, request.accept, request.custom_attributes)
    refused = [
        name
        for name, taken in (
            ("InferenceId", re.fullmatch(r"\S[ -~]{0,63}", attempt.id)),
            ("Body or InputLocation", (request.location is None) != (request.body is None)),
            ("InputLocation", len(str(request.location or "")) <= 1024),
            ("Body", len(request.body or b"") <= 128_000),
            ("RequestTTLSeconds", 60 <= (attempt.ttl_seconds or 60) <= 21_600),
            ("InvocationTimeoutSeconds", 1 <= (attempt.timeout_seconds or 1) <= 3_600),
            (
                "S3OutputPathExtension",
                re.fullmatch(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]{0,512}", submission.extension),
            ),
            ("headers", all(re.fullmatch(r"[ -~]{0,1024}", header or "") for header in headers)),
        )
        if not taken
    ]
    if refused:
        raise PermanentError(f"ValidationError: SageMaker does not take {', '.join(refused)}")


class FakeRouteDocuments:
    """The versions of a route document in a parameter; `trouble` is raised instead, where set.

    `asked` counts the calls, `afresh` those that wanted no answer from a cache.
    """

    def __init__(self, *versions: str) -> None:
        self.versions = list(versions)
        self.trouble: Exception | None = None
        self.asked = 0
        self.afresh = 0

    def latest(self, *, fresh: bool = False) -> str:
        self.afresh += fresh
        self._ask()
        return self.versions[-1]

    def earlier(self) -> Iterator[tuple[int, str]]:
        self._ask()
        yield from reversed(list(enumerate(self.versions, 1)))

    def _ask(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble


class FakeRoutes:
    """A route document that changes by `replace`; `trouble` is raised instead, where set."""

    def __init__(self, document: str, faults: Faults | None = None) -> None:
        self.trouble: RelayError | None = None
        self._faults = faults or Faults()
        self.replace(document)

    def replace(self, document: str) -> None:
        self._routes = Routes.read(document)

    def current(self, report: Report) -> Routes:
        if error := self._faults.hang("routes.current"):
            raise error
        if self.trouble is not None:
            raise self.trouble
        return self._routes

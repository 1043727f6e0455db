"""The whole relay over fakes: uploads, SageMaker, queues, functions, and time.

Events reach the use cases as the raw JSON that Lambda hands over, and what the functions answer
decides which messages come again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from relay.budget import Budget
from relay.delivery.report import Report
from relay.delivery.responses import Incomplete, respond
from relay.events.envelopes import read_notifications, read_submissions
from relay.model import Attempt, Content, Delivery, Due, Incoming
from relay.ports import Accepted, Submission
from relay.reconcile.reconcile import Reconcile
from relay.route.route import Route
from relay.submit.submit import Submit

from tests.stateful.moments import Moments
from tests.stateful.reports import check_routed, check_submitted
from tests.support import samples
from tests.support.fakes.ports import Crash, FakeClock, FakeEndpoint, FakeRoutes, Faults
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.fakes.reconcile import FakeDueLedger, FakeStorage
from tests.support.samples import NOTIFICATION_QUEUE, SUBMIT_QUEUE, Json

_Value = TypeVar("_Value")

# Every result is also sent to a queue that drops no repeat.
ARCHIVE = "arn:aws:sqs:us-east-1:000000000000:archive"
ROUTES = {
    "routes": [
        {"name": "completed", "when": "data.outcome == 'completed'", "to": samples.COMPLETED_QUEUE},
        {"name": "failed", "when": "data.outcome != 'completed'", "to": samples.FAILED_QUEUE},
        {"name": "archive", "to": ARCHIVE},
    ],
    "otherwise": {"to": samples.FAILED_QUEUE},
}
SUBMIT_SETTINGS = {"REQUEST_TTL_SECONDS": "3600", "INVOCATION_TIMEOUT_SECONDS": "60"}


@dataclass(frozen=True)
class Call:
    """A direct call that Lambda repeats until it succeeds."""

    event: Json
    invocation_id: str


class QuickEndpoint(FakeEndpoint):
    """Reports every invocation before it answers; a quick model is done by then."""

    def __init__(self, faults: Faults, report: Callable[[Attempt], None]) -> None:
        super().__init__(faults)
        self._report = report

    def _invoke(self, submission: Submission) -> Accepted:
        accepted = super()._invoke(submission)
        self._report(submission.attempt)
        return accepted


class World:
    """One deployment, and everything around it."""

    def __init__(self, faults: Moments | None = None) -> None:
        self.faults = faults or Moments()
        self.clock = FakeClock()
        self.budget = Budget(self.clock)
        self.ledger = FakeDueLedger(self.faults)
        self.ledger.position = Due.of(
            self.clock.now()
        )  # reconcile ran for the first time at the deployment
        self.queues = FakeQueues(self.clock, self.faults)
        self.storage = FakeStorage(self.faults)
        self.running: list[Attempt] = []
        self.quick = False
        self.last_outcome = "completed"
        self.outcomes: dict[str, str] = {}
        self.invocations: Counter[str] = Counter()
        self.forgotten: list[str] = []
        self.late_reports = 0
        self._deliveries = 0
        self.calls: list[Call] = []
        self.endpoint = QuickEndpoint(self.faults, self._begin)
        self.submit = Submit(
            samples.submit_settings(**SUBMIT_SETTINGS),
            self.endpoint,
            self.ledger,
            self.queues,
            FakeInbox(self.queues, SUBMIT_QUEUE),
            self.clock,
            self.budget,
        )
        self.routes = FakeRoutes(json.dumps(ROUTES))
        self.route = Route(
            samples.route_settings(),
            self.routes,
            self.ledger,
            self.queues,
            FakeInbox(self.queues, NOTIFICATION_QUEUE),
            self.clock,
            self.budget,
        )
        self.reconcile = Reconcile(
            samples.reconcile_settings(),
            self.ledger,
            self.storage,
            self.queues,
            self.clock,
            self.budget,
        )

    def deliver_to_submit(self, limit: int = 100) -> None:
        """One invocation of submit with what its queue shows."""
        with self._function():
            self._deliver(SUBMIT_QUEUE, limit, read_submissions, self.submit, check_submitted)

    def deliver_to_route(self, limit: int = 100) -> None:
        """One invocation of route with what its queue shows."""
        with self._function():
            self._deliver(NOTIFICATION_QUEUE, limit, read_notifications, self.route, check_routed)

    def call_submit(self, call: Call) -> None:
        """One direct invocation. Lambda keeps it until it succeeds."""
        self.calls.append(call)
        with self._function():
            incoming = read_submissions(call.event, call.invocation_id)
            report = self.submit(incoming)
            check_submitted(incoming, report)
            try:
                respond(incoming, report)
            except Incomplete:
                return
            self.calls.remove(call)

    def run_reconcile(self, span: tuple[datetime, datetime] | None = None) -> None:
        """One run; a range instead of from the cursor to now where one is given."""
        overdue = self._overdue()
        if not (self._waiting() or self.calls):
            self.forgotten += [key for key in overdue if not self.invocations[key]]
        with self._function():
            if span is None:
                self.reconcile()
            else:
                self.reconcile.between(*span)
        self.late_reports += sum(key in self.outcomes for key in overdue)

    def end(self, attempt: Attempt, outcome: str, copies: int = 1) -> list[Json]:
        """SageMaker is done with an attempt. What it publishes; nothing where that is lost.

        The same input ends the same way, however often it is inferred.
        """
        self.running.remove(attempt)
        outcome = self.outcomes.setdefault(attempt.id, outcome)
        request: Json = {"endpointName": "relay"}
        if attempt.location is not None:
            request["inputLocation"] = str(attempt.location)
        if outcome == "completed":
            location = attempt.output_location or ""
            self.storage.locations.add(location)
            response = {"outputLocation": location}
            published = samples.completed(
                attempt.id, requestParameters=request, responseParameters=response
            )
        else:
            self.storage.locations.add(f"{samples.FAILURES}{attempt.id}-error.out")
            published = samples.failed(attempt.id, outcome, requestParameters=request)
        return [published] * copies

    def publish(self, notification: Json, topic: str = samples.SUCCESS_TOPIC) -> None:
        """SNS puts a notification into the queue."""
        self.queues.put(NOTIFICATION_QUEUE, json.dumps(samples.sns_envelope(notification, topic)))

    def advance(self, seconds: float) -> None:
        """Time passes, and SageMaker drops what is older than its time to live and time-out."""
        self.clock.advance(seconds)
        now = self.clock.now()
        self.running = [
            attempt
            for attempt in self.running
            if now < attempt.submitted_at + timedelta(seconds=_lifetime(attempt))
        ]

    def let_a_month_pass(self) -> None:
        """Reconcile has nothing to do but move on; DynamoDB deletes what is over 30 days old."""
        self.advance(31 * 86_400)
        self.ledger.move_cursor(Due.of(self.clock.now() - timedelta(hours=1)))
        limit = self.clock.now() - timedelta(days=30)
        for attempt in list(self.ledger.items.values()):
            if attempt.submitted_at < limit:
                del self.ledger.items[attempt.id]

    def drain(self) -> None:
        """Without further faults, process all that waits until nothing is left."""
        self.faults.forget()
        self.quick = False
        self.endpoint.trouble = None
        self.queues.trouble.clear()
        for _ in range(60):
            for call in list(self.calls):
                self.calls.remove(call)
                self.call_submit(call)
            self.deliver_to_submit()
            for attempt in list(self.running):
                for notification in self.end(attempt, self.last_outcome):
                    self.publish(notification)
            self.deliver_to_route()
            self.run_reconcile()
            if self._quiet():
                return
            self.advance(900)
        raise AssertionError(f"it never comes to rest: {self.ledger.states}")

    def _quiet(self) -> bool:
        is_open = any(attempt.state == "OPEN" for attempt in self.ledger.items.values())
        return not (self._waiting() or is_open or self.running or self.calls)

    def _waiting(self) -> int:
        return self.queues.waiting(SUBMIT_QUEUE) + self.queues.waiting(NOTIFICATION_QUEUE)

    def _begin(self, attempt: Attempt) -> None:
        self.running.append(attempt)
        self.invocations[attempt.id] += 1
        if self.quick:
            for notification in self.end(attempt, "completed"):
                self.publish(notification)
            self.deliver_to_route()

    @contextmanager
    def _function(self) -> Iterator[None]:
        """A function's run. A crash leaves its messages in flight; its clock advances a little."""
        self.clock.advance(0.001)
        self.budget.begin(self.clock.now() + timedelta(seconds=42))
        try:
            yield
        except Crash:
            return

    def _deliver(
        self,
        queue_url: str,
        limit: int,
        read: Callable[[object, str], list[Incoming[Content]]],
        use_case: Callable[[Sequence[Incoming[Content]]], Report],
        check: Callable[[Sequence[Incoming[Content]], Report], None],
    ) -> None:
        received = self.queues.receive(queue_url, limit)
        if not received:
            return
        self._deliveries += 1
        incoming = read(_event(received), f"invocation-{self._deliveries}")
        report = use_case(incoming)
        check(incoming, report)
        answer = respond(incoming, report)
        failed = {failure["itemIdentifier"] for failure in _failures(answer)}
        assert failed <= {delivery.message_id for delivery in received}
        for delivery in received:
            if delivery.message_id not in failed:
                self.queues.delete(queue_url, delivery)

    def _overdue(self) -> list[str]:
        """Attempts that reconcile will report; a notification of them may be under way."""
        now = self.clock.now()
        return [
            attempt.id
            for attempt in self.ledger.items.values()
            if attempt.state == "OPEN" and attempt.due_at <= now
        ]


def _lifetime(attempt: Attempt) -> int:
    return (attempt.ttl_seconds or 0) + (attempt.timeout_seconds or 0)


def _failures(answer: Mapping[str, object]) -> list[dict[str, str]]:
    failures = answer["batchItemFailures"]
    assert isinstance(failures, list)
    return failures


def _event(received: Sequence[Delivery]) -> Json:
    """What Lambda hands over for these messages."""
    return {
        "Records": [
            {
                "messageId": delivery.message_id,
                "receiptHandle": delivery.receipt_handle,
                "body": delivery.body,
                "attributes": samples.sqs_attributes(delivery),
                "eventSource": "aws:sqs",
            }
            for delivery in received
        ]
    }

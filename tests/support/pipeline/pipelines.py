"""Submit and route over the fakes: the pipeline in memory, one delivery at a time."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from relay.budget import Budget
from relay.delivery.report import Report
from relay.events.envelopes import read_notifications, read_submissions
from relay.model import Content, Delivery, Incoming, OutgoingMessage
from relay.route.route import Route
from relay.submit.submit import Submit

from tests.support import samples
from tests.support.fakes.hangs import Hangs
from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import FakeClock, FakeEndpoint, FakeRoutes, Faults
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.samples import Json

_Read = Callable[[object, str], list[Incoming[Content]]]
_UseCase = Callable[[Sequence[Incoming[Content]]], Report]

Value = TypeVar("Value")

# What a function has: its timeout without the margin for its response.
SECONDS = 42.0


class FakePipeline:
    """The queues, their functions, and uploads.

    A crash (see `Faults`) leaves the messages in flight, as a crashed function does.
    """

    def __init__(self, submit: dict[str, str] | None = None, route: dict[str, str] | None = None):
        self.clock = FakeClock()
        self.budget = Budget(self.clock)
        self.hangs = Hangs(self.clock, self.budget)
        self.faults = Faults(self.hangs)
        self.endpoint = FakeEndpoint(self.faults)
        self.ledger = FakeLedger(self.faults)
        self.queues = FakeQueues(self.clock, self.faults)
        self.inbox = FakeInbox(self.queues, samples.SUBMIT_QUEUE)
        self.submit = Submit(
            samples.submit_settings(**submit or {}),
            self.endpoint,
            self.ledger,
            self.queues,
            self.inbox,
            self.clock,
            self.budget,
        )
        self.routes = FakeRoutes(samples.ROUTES, self.faults)
        self.notification_inbox = FakeInbox(self.queues, samples.NOTIFICATION_QUEUE)
        self.route = Route(
            samples.route_settings(**route or {}),
            self.routes,
            self.ledger,
            self.queues,
            self.notification_inbox,
            self.clock,
            self.budget,
        )

    def begin(self, seconds: float = SECONDS) -> None:
        """Begin an invocation that has so many seconds."""
        self.budget.begin(self.clock.now() + timedelta(seconds=seconds))

    def deliver_to_submit(self, limit: int = 100, seconds: float = SECONDS) -> Report:
        """One invocation of submit with what its queue shows, and so many seconds to work."""
        return self._deliver(samples.SUBMIT_QUEUE, read_submissions, self.submit, limit, seconds)

    def deliver_to_route(self, limit: int = 100, seconds: float = SECONDS) -> Report:
        """One invocation of route with what its queue shows, and so many seconds to work."""
        return self._deliver(
            samples.NOTIFICATION_QUEUE, read_notifications, self.route, limit, seconds
        )

    def call_submit(
        self, event: Json, invocation_id: str = "invocation-1", seconds: float = SECONDS
    ) -> Report:
        """One direct invocation of submit, and so many seconds to work."""
        incoming = read_submissions(event, invocation_id)
        self.begin(seconds)
        return self.submit(incoming)

    def call_route(self, event: Json, invocation_id: str = "invocation-1") -> Report:
        """One direct invocation of route."""
        incoming = read_notifications(event, invocation_id)
        self.begin()
        return self.route(incoming)

    def results(self) -> list[OutgoingMessage]:
        """Every result that consumers get."""
        completed = self.queues.delivered(samples.COMPLETED_QUEUE)
        return completed + self.queues.delivered(samples.FAILED_QUEUE)

    def _deliver(
        self,
        queue_url: str,
        read: _Read[Content],
        use_case: _UseCase[Content],
        limit: int,
        seconds: float,
    ) -> Report:
        received = self.queues.receive(queue_url, limit)
        if not received:
            return Report()
        self.begin(seconds)
        report = use_case(read(_event(received), "invocation-1"))
        for delivery in received:
            if delivery.message_id not in report.returned:
                self.queues.delete(queue_url, delivery)
        return report


def _event(deliveries: Sequence[Delivery]) -> Json:
    """What Lambda hands over for these messages."""
    return {
        "Records": [
            {
                "eventSource": "aws:sqs",
                "messageId": delivery.message_id,
                "receiptHandle": delivery.receipt_handle,
                "body": delivery.body,
                "attributes": samples.sqs_attributes(delivery),
            }
            for delivery in deliveries
        ]
    }

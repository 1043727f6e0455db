"""The adapters against a socket that accepts connections and never answers."""

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from relay.aws.clients import LIMITS, Clients, Limits
from relay.aws.clock import SystemClock
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import SqsInbox
from relay.aws.messaging.targets import Targets
from relay.aws.parameters import SsmRouteDocuments
from relay.aws.sagemaker.endpoint import INVOCATIONS_AT_A_TIME, SageMakerEndpoint
from relay.aws.storage import S3Storage
from relay.budget import Budget
from relay.delivery.report import Count
from relay.errors import NotTried, RelayError, TransientError, Unanswered
from relay.events.envelopes import read_notifications
from relay.model import InferenceRequest, OutgoingMessage
from relay.ports import Submission
from relay.route.route import Route
from relay.routes.target import Target
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import FakeClock, FakeRoutes
from tests.support.fakes.queues import FakeInbox, FakeQueues

ID = "a" * 32
CONNECT = READ = 0.4
# For the processor of a busy machine. One after another, the calls would take far longer.
TOLERANCE = 6.0


class BlackHole:
    """Connections are made by the system's backlog, and nothing reads from them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def connections(self) -> int:
        """How many were made since the last question."""
        self._socket.setblocking(False)
        made = 0
        while True:
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return made
            connection.close()
            made += 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    hole = BlackHole()
    yield hole
    hole.close()


@pytest.fixture
def budget() -> Budget:
    clock = SystemClock()
    budget = Budget(clock)
    budget.begin(clock.now() + timedelta(seconds=42))
    return budget


@pytest.fixture
def clients(black_hole: BlackHole, budget: Budget, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Clients that call the black hole, with short limits."""
    for name, value in (
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", black_hole.url),
    ):
        monkeypatch.setenv(name, value)
    short = {service: Limits(CONNECT, READ, limits.tries) for service, limits in LIMITS.items()}
    monkeypatch.setattr("relay.aws.clients.LIMITS", short)
    return Clients(budget=budget)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun <= seconds + TOLERANCE


def targets(count: int) -> list[Target]:
    """Queues, topics and buses, in two regions."""
    kinds = (("sqs", "orders"), ("sns", "orders"), ("events", "event-bus/orders"))
    return [
        Target.parse(f"arn:aws:{service}:{region}:000000000000:{name}-{number}")
        for number in range(count)
        for service, name in kinds[number % 3 :][:1]
        for region in ("us-east-1", "eu-west-1")[number % 2 :][:1]
    ]


def message(address: str | Target) -> OutgoingMessage:
    return OutgoingMessage(str(address), address, "{}", detail_type="relay.inference.completed")


def test_thirty_targets_take_as_long_as_one(clients: Clients, budget: Budget) -> None:
    service_of = Targets(clients)
    messages = [message(target) for target in targets(30) if service_of(target)]
    outbox = AwsOutbox(service_of, budget)

    with at_most(CONNECT + READ):
        first = outbox.send(messages)
    with at_most(0):
        second = outbox.send(messages)

    assert [type(first[each.key]) for each in messages] == [Unanswered] * 30
    assert [type(second[each.key]) for each in messages] == [NotTried] * 30


class Taking:
    """A service that takes everything; `sent` are the messages."""

    name = "SQS"
    most_bytes = 1_048_576

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    def length(self, message: OutgoingMessage) -> int:
        return len(message.body)

    def send(
        self, address: str | Target, batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        self.sent += batch
        return dict.fromkeys(range(len(batch)))


def test_route_serves_and_marks_the_target_that_answers(clients: Clients, budget: Budget) -> None:
    hanging, taking, service_of = targets(30), Taking(), Targets(clients)
    healthy = Target.parse("arn:aws:sqs:us-east-1:000000000000:healthy")
    entries = [
        {"name": f"route-{number}", "to": str(target)}
        for number, target in enumerate([*hanging, healthy])
    ]
    clock, ledger = FakeClock(), FakeLedger()
    ids = [f"{number:032x}" for number in range(100)]
    for each in ids:
        ledger.items[each] = samples.attempt(each)
    queues = FakeQueues(clock)
    route = Route(
        samples.route_settings(),
        FakeRoutes(json.dumps({"routes": entries, "otherwise": {"to": str(healthy)}})),
        ledger,
        AwsOutbox(lambda each: taking if each == healthy else service_of(each), budget),
        FakeInbox(queues, samples.NOTIFICATION_QUEUE),
        clock,
        budget,
    )
    event = samples.sqs_event(*(samples.sns_envelope(samples.completed(each)) for each in ids))

    with at_most(CONNECT + READ):
        report = route(read_notifications(event, "invocation-1"))

    assert len(taking.sent) == report.counts[Count.RETURNED] == 100
    held = [ledger.items[each].held for each in ids]
    assert {each and each.delivered for each in held} == {("route-30",)}


def test_what_could_not_end_in_time_makes_no_connection(
    clients: Clients, budget: Budget, black_hole: BlackHole
) -> None:
    ledger = DynamoDbLedger(clients.dynamodb, "ledger")
    with budget.reserving(41.9):
        assert type(ledger.look_up([ID])[ID]) is NotTried
    assert black_hole.connections() == 0


def test_an_endpoint_costs_as_many_connections_as_there_are_threads(
    clients: Clients, budget: Budget, black_hole: BlackHole
) -> None:
    endpoint = SageMakerEndpoint(clients.sagemaker_runtime, "relay", budget)
    request = InferenceRequest(ID, S3Uri(samples.BUCKET, "inputs/a.csv"))
    submissions = [Submission(request, samples.attempt(f"{number:032x}")) for number in range(25)]

    with at_most(CONNECT + READ):
        answers = list(endpoint.invoke(submissions).values())

    kinds = [type(answer) for answer in answers]
    assert kinds.count(Unanswered) == INVOCATIONS_AT_A_TIME
    assert kinds.count(NotTried) == 25 - INVOCATIONS_AT_A_TIME
    assert black_hole.connections() == INVOCATIONS_AT_A_TIME


def test_a_table_costs_two_tries(clients: Clients, black_hole: BlackHole) -> None:
    ledger = DynamoDbLedger(clients.dynamodb, "ledger")
    attempts = [samples.attempt(f"{number:032x}") for number in range(100)]

    with at_most(Limits(CONNECT, READ, tries=2).seconds):
        failures = ledger.release(attempts)

    assert len(failures) == 100
    assert all(isinstance(error, TransientError) for error in failures.values())
    assert black_hole.connections() == 2


def test_a_parameter_an_inbox_and_a_bucket_fail_in_time(clients: Clients, budget: Budget) -> None:
    with at_most(CONNECT + READ), pytest.raises(Unanswered):
        SsmRouteDocuments(clients.ssm, "/relay/routes", timedelta(seconds=5)).latest()
    with at_most(CONNECT + READ), pytest.raises(Unanswered):
        delays = [(samples.delivery(f"m-{number}"), 5) for number in range(100)]
        SqsInbox(clients.sqs, samples.SUBMIT_QUEUE).come_back(delays)
    location = f"s3://{samples.BUCKET}/outputs/a"
    with at_most(Limits(CONNECT, READ, tries=2).seconds):
        found = S3Storage(clients.s3, budget).find([location])
    assert isinstance(found[location], Unanswered)


def test_what_does_not_even_connect_fails_in_time(
    clients: Clients, budget: Budget, black_hole: BlackHole
) -> None:
    black_hole.close()
    outbox = AwsOutbox(Targets(clients), budget)

    with at_most(CONNECT):
        failures = outbox.send([message(target) for target in targets(6)])

    # No connection, so no effect: the calls may be repeated.
    assert {type(error) for error in failures.values()} == {TransientError}

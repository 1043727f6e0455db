"""A backfill from its start to its end, with its adapters, against the stub.

Between two runs of the schedule a minute passes on its clock and no time here. Within a run, its
clock is that of the machine.
"""

import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from relay.aws.clients import Clients
from relay.aws.dynamodb.backfill_store import DynamoDbBackfillStore
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.listing import S3Listing
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import SqsBacklog
from relay.aws.messaging.targets import Targets
from relay.aws.schedule import RuleSchedule
from relay.backfill.backfill import Backfilling
from relay.backfill.calls import Tick, read_call
from relay.backfill.operations import Operations
from relay.backfill.schedule import Switch
from relay.budget import Budget
from relay.settings import BackfillSettings

from benchmarks.backfill.stub import BackfillStub

_RUN_SECONDS = 42
_NAME = "benchmark"


@dataclass(frozen=True, slots=True)
class Fed:
    """What a backfill took. `sending_seconds` are those of the runs that sent as much as they may,
    in which `sent_then` requests were sent. Memory is the growth of the process, in megabytes, from
    a tenth of the objects to the end.
    """

    objects: int
    runs: int
    cpu_seconds: float
    sending_seconds: float
    sent_then: int
    megabytes: float
    counts: Counter[str]

    @property
    def objects_a_second(self) -> float:
        return self.sent_then / self.sending_seconds if self.sending_seconds else 0.0


class _Clock:
    """Runs with the machine's, and jumps."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def jump(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class _Function:
    """The use cases of the function, with the stub behind their adapters."""

    def __init__(self) -> None:
        self.clock = _Clock()
        self.budget = Budget(self.clock)
        settings = BackfillSettings.read(
            {
                "STACK_NAME": "relay",
                "INPUT_BUCKET": "relay-data",
                "INPUT_PREFIXES": "inputs/",
                "INPUT_DEFAULTS": "{}",
                "LEDGER_TABLE_NAME": "relay-LedgerTable",
                "SUBMIT_QUEUE_URL": "http://127.0.0.1/000000000000/relay-SubmitQueue",
                "SCHEDULE_RULE_NAME": "relay-backfill",
                "EVENT_BUS_ARN": "arn:aws:events:us-east-1:000000000000:event-bus/default",
                "REQUEST_TTL_SECONDS": "21600",
            }
        )
        clients = Clients("us-east-1", budget=self.budget)
        self.store = DynamoDbBackfillStore(clients.dynamodb, settings.ledger_table)
        switch = Switch(self.store, RuleSchedule(clients.events, settings.schedule), self.clock)
        listing = S3Listing(clients.s3)
        self.backfilling = Backfilling(
            settings,
            self.store,
            switch,
            listing,
            DynamoDbLedger(clients.dynamodb, settings.ledger_table, eventual=True),
            SqsBacklog(clients.sqs, settings.submit_queue_url),
            AwsOutbox(Targets(clients), self.budget),
            self.clock,
            self.budget,
        )
        self.operations = Operations(settings, self.store, switch, listing, self.clock)

    def begin(self) -> None:
        self.budget.begin(self.clock.now() + timedelta(seconds=_RUN_SECONDS))


def feed(stub: BackfillStub, objects: int, per_minute: int | None) -> Fed:
    """Run a backfill of so many objects, for an endpoint that ends so many requests a minute.

    None stands for an endpoint that ends everything.
    """
    with _endpoint(stub.url):
        function = _Function()
        _start(function)
        stub.take_counts()
        runs, sent, ended, full, sent_in_full = 0, 0, 0.0, 0.0, 0
        memory_before = 0.0
        cpu = 0.0
        while (record := stub.record(f"backfill#{_NAME}"))["state"] == "running":
            if per_minute is not None:
                ended = min(ended + per_minute, sent)
                stub.end(int(ended))
            begun = time.perf_counter()
            function.begin()
            busy = time.process_time()
            report = function.backfilling()
            cpu += time.process_time() - busy
            assert report.failure is None, report.failure
            took, before = time.perf_counter() - begun, sent
            runs += 1
            sent = stub.record(f"backfill#{_NAME}")["sent"]["objects"]
            if sent - before >= 10_000:
                full, sent_in_full = full + took, sent_in_full + sent - before
            if not memory_before and sent >= objects / 10:
                memory_before = _megabytes()
            function.clock.jump(60 - took)
        return Fed(
            record["ended"]["completed"],
            runs,
            cpu,
            full,
            sent_in_full,
            _megabytes() - memory_before,
            stub.take_counts(),
        )


def _start(function: _Function) -> None:
    function.begin()
    call = read_call({"action": "start", "name": _NAME}, function.operations.settings.inputs)
    assert not isinstance(call, Tick)
    function.operations(call)


@contextmanager
def _endpoint(url: str) -> Iterator[None]:
    variables = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with patch.dict(os.environ, variables):
        yield


def _megabytes() -> float:
    """The most memory that the process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024

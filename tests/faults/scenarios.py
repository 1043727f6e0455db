"""What happens in a deployment before faults do. Each scenario says which requests it makes."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from relay.errors import TransientError
from relay.ids import request_id_of_caller, request_id_of_inference, request_id_of_upload
from relay.model import Attempt

from tests.faults.deployment import Deployment, Inference, Model
from tests.stateful.world import ARCHIVE, Call
from tests.support import samples
from tests.support.samples import (
    BUCKET,
    CLIENT_ERROR,
    COMPLETED_QUEUE,
    SERVER_ERROR,
    SUBMIT_QUEUE,
    Json,
)

DOWN_MINUTES = 1
THROTTLED = TransientError("ThrottlingException: Rate exceeded")


@dataclass
class Traffic:
    """Messages for submit, and the requests that they make, with the outcomes they may have."""

    bodies: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    requests: dict[str, frozenset[str]] = field(default_factory=dict)
    parked: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def uploads(self, *keys: str, outcomes: str = "completed", messages: int = 1) -> None:
        """One message with a record for each key, so many times."""
        events = [samples.upload(key) for key in keys]
        records = [record for event in events for record in event["Records"]]
        self.bodies += [json.dumps({"Records": records})] * messages
        for key in keys:
            request_id = request_id_of_upload(BUCKET, key, "", "00A1")
            self.requests[request_id] = frozenset(outcomes.split())

    def call(self, *requests: Json) -> None:
        """A direct call. Lambda repeats it until it succeeds."""
        self._expect(requests)
        self.calls.append(Call({"requests": list(requests)}, f"invocation-{len(self.calls)}"))

    def queued(self, *requests: Json, messages: int = 1) -> None:
        """The same call in the queue, so many times."""
        self._expect(requests)
        self.bodies += [json.dumps({"requests": requests})] * messages

    def _expect(self, requests: Iterable[Json]) -> None:
        for request in requests:
            wrong = "elsewhere" in request.get("input_location", "")
            outcome = "rejected" if wrong else "completed"
            self.requests[request_id_of_caller(request["request_id"])] = frozenset({outcome})

    def other(self, body: object, *, parked: bool = False) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.bodies.append(text)
        if parked:
            self.parked.append(text)


@dataclass(frozen=True)
class Scenario:
    """The traffic, what SageMaker does with each attempt, and how many attempts that takes.

    `down` cannot be reached for `DOWN_MINUTES`, and the steps whose names begin with `outage` are
    throttled for so long. `minutes` is when all is over without a fault. `orders` are the seeds of
    the order of messages that are tried.
    """

    traffic: Callable[[], Traffic]
    model: Model = lambda _: Inference()
    attempts: int = 1
    down: str = ""
    outage: str = ""
    minutes: int = 1
    orders: int = 1

    def begin(self, deployment: Deployment) -> None:
        traffic = self.traffic()
        for body in traffic.bodies:
            deployment.queues.put(SUBMIT_QUEUE, body)
        for inference_id in traffic.others:
            deployment.publish(samples.completed(inference_id))
        deployment.calls += traffic.calls
        deployment.planned.outage = self.outage
        if self.down:
            deployment.queues.trouble[self.down] = THROTTLED
        if self.down or self.outage:
            deployment.at(DOWN_MINUTES, partial(recover, deployment))


def recover(deployment: Deployment) -> None:
    deployment.planned.outage = ""
    deployment.queues.trouble.clear()


def mixed_batch() -> Traffic:
    traffic = Traffic()
    traffic.uploads("inputs/a.csv")
    traffic.uploads("inputs/broken.csv", outcomes="failed")
    traffic.uploads("inputs/b.csv", messages=2)
    traffic.uploads(f"inputs/{'long/' * 200}c.csv", outcomes="rejected")
    traffic.other(samples.upload("inputs/folder/", size=0))
    traffic.other({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET})
    traffic.other("not JSON", parked=True)
    return traffic


def poisoned_batch() -> Traffic:
    """Messages that cannot be read beside uploads, and a folder marker that is no marker."""
    traffic = Traffic()
    traffic.uploads("inputs/a.csv")
    dated = samples.upload("inputs/b.csv")
    dated["Records"][0]["eventTime"] = "0001-01-01T00:00:00+23:00"
    for poison in (
        dated,
        samples.upload("inputs/c.csv", bucket="/relay"),
        samples.upload("inputs/d.csv", versionId="\ud800"),
        samples.upload("inputs/e.csv", size=10**400),
        samples.sns_envelope("not JSON"),
        "[" * 100_000,
    ):
        traffic.other(poison, parked=True)
    traffic.other({"detail-type": "Object Deleted", "source": "aws.s3", "detail": {}})
    traffic.uploads("inputs/export/")
    return traffic


def several_in_one_message() -> Traffic:
    traffic = Traffic()
    traffic.uploads("inputs/a.csv", "inputs/b.csv", "inputs/c.csv")
    return traffic


def one_in_several_messages() -> Traffic:
    traffic = Traffic()
    traffic.uploads("inputs/a.csv", messages=2)
    traffic.queued({"body": "1,2,3", "request_id": "own-1"}, messages=2)
    return traffic


def direct_call() -> Traffic:
    traffic = Traffic()
    traffic.call(
        {"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": "own-1"},
        {"body": "1,2,3", "request_id": "own-2"},
        {"input_location": f"s3://{BUCKET}/elsewhere/c.csv", "request_id": "own-3"},
    )
    return traffic


def several_and_repeated() -> Traffic:
    traffic = one_in_several_messages()
    traffic.uploads("inputs/b.csv", "inputs/c.csv")
    return traffic


def large_direct_call() -> Traffic:
    """More requests than one call of the ledger claims."""
    traffic = Traffic()
    traffic.call(*({"body": f"{n}", "request_id": f"own-{n}"} for n in range(26)))
    return traffic


def of_another_caller() -> Traffic:
    traffic = Traffic(others=["order-17"])
    received = datetime.fromisoformat(samples.completed("order-17")["receivedTime"])
    traffic.requests[request_id_of_inference("order-17", received)] = frozenset({"completed"})
    return traffic


def upload() -> Traffic:
    traffic = Traffic()
    traffic.uploads("inputs/a.csv")
    return traffic


def upload_that_fails() -> Traffic:
    traffic = Traffic()
    traffic.uploads("inputs/a.csv", outcomes="failed")
    return traffic


def fails_for_some(attempt: Attempt) -> Inference:
    broken = "broken" in str(attempt.location)
    return Inference(CLIENT_ERROR if broken else "completed")


def fails_once(attempt: Attempt) -> Inference:
    return Inference(SERVER_ERROR if attempt.number == 1 else "completed")


LATE_MINUTES = 80  # TTL, timeout and slack, and the next run of reconcile

SCENARIOS = {
    "a mixed batch": Scenario(mixed_batch, fails_for_some, orders=3),
    "a poisoned batch": Scenario(poisoned_batch),
    "several requests in one message": Scenario(several_in_one_message),
    "one request in several messages": Scenario(one_in_several_messages, orders=3),
    "a direct call": Scenario(direct_call),
    "a large direct call": Scenario(large_direct_call),
    "a retry": Scenario(upload, fails_once, attempts=2),
    "a lost success notification": Scenario(
        upload, lambda _: Inference(notifications=0), minutes=LATE_MINUTES
    ),
    "a lost failure notification": Scenario(
        upload_that_fails, lambda _: Inference(CLIENT_ERROR, notifications=0), minutes=LATE_MINUTES
    ),
    "a slow model": Scenario(
        several_and_repeated, lambda _: Inference(minutes=10), minutes=11, orders=3
    ),
    "a repeated notification": Scenario(upload, lambda _: Inference(notifications=2), orders=2),
    "an inference of another caller": Scenario(of_another_caller),
    "a FIFO queue that is down": Scenario(upload, down=COMPLETED_QUEUE, minutes=3),
    "an endpoint that is down": Scenario(upload, outage="endpoint.", minutes=3),
    "a ledger that is down": Scenario(direct_call, outage="ledger.", minutes=3),
    "queues that are down": Scenario(mixed_batch, fails_for_some, outage="queues.", minutes=8),
    "a standard queue that is down": Scenario(upload, down=ARCHIVE, minutes=3),
}

"""Services that do not answer, and messages that cannot be read, on the deployed stack."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from local.stack.emulator import set_faults
from local.stack.faults import set_aws_faults
from tests.acceptance.pipeline.ends import DeadLetters, Downstream, results_on
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import Target
from tests.e2e.endpoint.capacity import awake
from tests.support.pipeline.poison import (
    MALFORMED_NOTIFICATIONS,
    MALFORMED_SUBMISSIONS,
    ODD_NOTIFICATIONS,
    ODD_SUBMISSIONS,
)
from tests.support.stack import RunningStack
from tests.support.targets import PARAMETERS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# What every queue takes: SQS raised its own limit to 1 MiB, but not in every Region at once.
_MOST_BYTES = 256 * 1024


@pytest.fixture(autouse=True)
def _awake(stack: RunningStack, target: Target) -> None:
    awake(target.client("sagemaker"), stack.outputs["EndpointName"])


@contextmanager
def aws_hangs(stack: RunningStack, *operations: str, text: str | Sequence[str]) -> Iterator[None]:
    """Calls of these operations with one of the texts get no answer inside the block.

    Meanwhile queues hand out their messages in any order.
    """
    texts = [text] if isinstance(text, str) else text
    hangs = [{"operations": operations, "text": each} for each in texts]
    set_aws_faults(stack.settings, {"hangs": hangs, "reorder": True})
    try:
        yield
    finally:
        set_aws_faults(stack.settings, {})


@contextmanager
def endpoint_fault(stack: RunningStack, fault: str) -> Iterator[None]:
    set_faults(stack.settings, {fault: 1.0})
    try:
        yield
    finally:
        set_faults(stack.settings, {})


class Uploads:
    """Inputs of one test, each under a key of its own."""

    def __init__(self, target: Target, s3: "S3Client", downstream: Downstream) -> None:
        self.subjects: list[str] = []
        self._s3 = s3
        self._target = target
        self._downstream = downstream
        self._bucket = target.outputs["DataBucketName"]
        self._folder = f"inputs/unkind/{uuid.uuid4().hex}"

    def upload(self, count: int = 1) -> None:
        for _ in range(count):
            key = f"{self._folder}/{len(self.subjects)}.csv"
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=GOOD)
            self.subjects.append(f"s3://{self._bucket}/{key}")

    def await_results(self, seconds: float) -> None:
        """Wait until each has its result; then none has a second one, and all are completed."""
        self._target.eventually(
            lambda: set(self.subjects) <= set(self._results()), seconds, "a result of each upload"
        )
        self._downstream.everything()
        assert self._results() == Counter(self.subjects)

    def _results(self) -> Counter[str]:
        return Counter(
            message.event["subject"]
            for message in self._downstream.received()
            if message.event["subject"] in self.subjects
            and message.event["data"]["outcome"] == "completed"
        )


@pytest.fixture
def uploads(target: Target, s3: "S3Client", downstream: Downstream) -> Uploads:
    return Uploads(target, s3, downstream)


class Fan:
    """Five FIFO queues. `arrived` has the results on each, in the order in which they came."""

    def __init__(self, target: Target, sqs: "SQSClient") -> None:
        self._sqs = sqs
        self.names = [f"unkind-{number}.fifo" for number in range(5)]
        self.arns = [target.routing.queue(name) for name in self.names]
        self.arrived: dict[str, list[Mapping[str, Any]]] = {name: [] for name in self.names}
        self._urls = {
            name: sqs.create_queue(
                QueueName=arn.split(":")[-1],
                Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "false"},
            )["QueueUrl"]
            for name, arn in zip(self.names, self.arns, strict=True)
        }

    def ids_on(self, name: str) -> Counter[str]:
        """How often each result has come to that queue by now."""
        while found := results_on(self._sqs, self._urls[name]):
            self.arrived[name] += found
        return Counter(result["id"] for result in self.arrived[name])

    def delete(self) -> None:
        for url in self._urls.values():
            self._sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def fan(target: Target, sqs: "SQSClient") -> Iterator[Fan]:
    """Five queues, each of which gets every result, beside the relay's own."""
    fan = Fan(target, sqs)
    document = json.loads(dict(PARAMETERS)["Routes"])
    completed = document["routes"][0]
    document["routes"] = [
        completed,
        *({"name": f"fan-{number}", "to": arn} for number, arn in enumerate(fan.arns)),
    ]
    changed = target.updated(RouteTargetArns=",".join(fan.arns), Routes=json.dumps(document))
    assert changed == ("UPDATE_COMPLETE", [])
    yield fan
    assert target.updated(**dict(PARAMETERS)) == ("UPDATE_COMPLETE", [])
    fan.delete()


def test_three_of_five_targets_that_hang_cost_the_others_nothing(
    stack: RunningStack, target: Target, uploads: Uploads, fan: Fan
) -> None:
    hanging, healthy = fan.names[:3], fan.names[3:]
    sends = ("SendMessage", "SendMessageBatch")
    with aws_hangs(stack, *sends, text=hanging):
        uploads.upload(30)
        arrived = everything_at(target, fan, healthy, len(uploads.subjects), 180)
        assert not any(fan.ids_on(name) for name in hanging)

    # The delay of a returned notification has doubled with each receive.
    assert everything_at(target, fan, fan.names, len(uploads.subjects), 180) == arrived
    uploads.await_results(30)
    time.sleep(5)  # in which a second one would come
    for name in fan.names:
        assert fan.ids_on(name) == dict.fromkeys(arrived, 1), name


def everything_at(
    target: Target, fan: Fan, names: Sequence[str], count: int, seconds: float
) -> set[str]:
    """The ids of the results that are on each of the queues, once there are so many."""

    def look() -> list[set[str]] | None:
        found = [set(fan.ids_on(name)) for name in names]
        return found if all(len(each) >= count for each in found) else None

    first, *others = target.eventually(look, seconds, f"{count} results on {names}")
    assert all(each == first for each in others)
    return first


def test_poison_of_many_kinds_harms_no_neighbour(
    target: Target, sqs: "SQSClient", uploads: Uploads, dead_letters: DeadLetters
) -> None:
    before = dead_letters.count()
    submit, route = target.outputs["SubmitQueueUrl"], target.outputs["NotificationQueueUrl"]
    poison = [
        *poisons(submit, MALFORMED_SUBMISSIONS, ODD_SUBMISSIONS),
        *poisons(route, MALFORMED_NOTIFICATIONS, ODD_NOTIFICATIONS),
    ]
    malformed = {*MALFORMED_SUBMISSIONS.values(), *MALFORMED_NOTIFICATIONS.values()}
    parked: list[str] = []

    for url, body in poison:
        uploads.upload(2)
        sent = sqs.send_message(QueueUrl=url, MessageBody=body)
        if body in malformed:
            parked.append(sent["MessageId"])
    uploads.await_results(30)

    for message_id in parked:
        assert dead_letters.reason(message_id)
    assert dead_letters.count() - before == len(parked)


def poisons(url: str, *kinds: Mapping[str, str]) -> list[tuple[str, str]]:
    """The queue and the body of each kind that SQS can carry."""
    bodies = chain.from_iterable(each.values() for each in kinds)
    found = [(url, body) for body in bodies if len(body.encode()) <= _MOST_BYTES]
    assert len(found) >= 20
    return found


@pytest.mark.parametrize("fault", ["hang", "lose_answer"])
def test_an_endpoint_that_does_not_answer_delays_every_upload_and_loses_none(
    stack: RunningStack, target: Target, uploads: Uploads, downstream: Downstream, fault: str
) -> None:
    request = {"body": GOOD, "request_id": uuid.uuid4().hex}
    with endpoint_fault(stack, fault):
        ends = time.monotonic() + 15
        uploads.upload(20)
        begun = time.monotonic()
        error = error_of_a_call(target, request)
        assert time.monotonic() - begun < 20
        assert "invoke endpoint" in error
        time.sleep(max(0, ends - time.monotonic()))

    uploads.await_results(60)
    (again,) = target.call("SubmitFunctionName", {"requests": [request]})["requests"]
    assert again["status"] == "duplicate"
    assert again["state"] == {"hang": "submitted", "lose_answer": "completed"}[fault]
    results = [each.event["id"] for each in downstream.everything()]
    assert results.count(again["request_id"]) == {"hang": 0, "lose_answer": 1}[fault]


def error_of_a_call(target: Target, request: object) -> str:
    """What a synchronous caller of submit reads."""
    answer = target.client("lambda").invoke(
        FunctionName=target.outputs["SubmitFunctionName"],
        Payload=json.dumps({"requests": [request]}),
    )
    assert "FunctionError" in answer
    return str(json.loads(answer["Payload"].read())["errorMessage"])


@pytest.mark.parametrize(
    "operations",
    [("GetParameter",), ("BatchExecuteStatement", "BatchGetItem")],
    ids=["Parameter Store", "the ledger"],
)
def test_a_service_that_hangs_delays_every_upload_and_loses_none(
    stack: RunningStack, target: Target, uploads: Uploads, operations: tuple[str, ...]
) -> None:
    names = {
        "GetParameter": target.outputs["RoutesParameterName"],
        "BatchExecuteStatement": target.outputs["LedgerTableName"],
    }
    with aws_hangs(stack, *operations, text=names[operations[0]]):
        ends = time.monotonic() + 10
        uploads.upload(20)
        time.sleep(max(0, ends - time.monotonic()))

    uploads.await_results(60)

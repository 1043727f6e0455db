"""Queues and their dead-letter queues."""

import json
from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource, as_list

_QUEUE = "AWS::SQS::Queue"
_CREATE = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
)
_DLQ = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
# SQS's own default, in seconds.
_RETENTION = 345_600
_TARGET = "RedrivePolicy.deadLetterTargetArn"


@rule(
    _QUEUE,
    words="The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
    "underscores, must end with .fifo suffix and be 1 to 80 in length",
    source=_CREATE,
)
def a_fifo_queue_is_named_as_one(queue: Resource) -> Iterator[Problem]:
    name = queue.own_name
    if name is not None and queue.is_true("FifoQueue") != name.endswith(".fifo"):
        yield Problem("QueueName", "end the name in .fifo where FifoQueue is true, and only there")


@rule(_QUEUE, words="Unknown Attribute", source=_CREATE)
def only_a_fifo_queue_has_the_attributes_of_one(queue: Resource) -> Iterator[Problem]:
    if not queue.is_true("FifoQueue"):
        for name in ("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"):
            if queue.get(name) is not None:
                yield Problem(
                    name, f"make the queue FIFO, or take out {name}", f"Unknown Attribute {name}."
                )
    elif (
        queue.get("FifoThroughputLimit") == "perMessageGroupId"
        and queue.get("DeduplicationScope") != "messageGroup"
    ):
        yield Problem(
            "FifoThroughputLimit",
            "set DeduplicationScope to messageGroup, which perMessageGroupId needs",
            "The value perMessageGroupId for FifoThroughputLimit is allowed only when the value "
            "for "
            "DeduplicationScope is messageGroup.",
        )


@rule(
    _QUEUE,
    words="You can use one type of server-side encryption (SSE) at one time. You can either enable "
    "KMS SSE or SQS SSE.",
    source=_CREATE,
)
def a_queue_is_encrypted_in_one_way(queue: Resource) -> Iterator[Problem]:
    if queue.is_true("SqsManagedSseEnabled") and queue.get("KmsMasterKeyId"):
        yield Problem("KmsMasterKeyId", "take out SqsManagedSseEnabled or KmsMasterKeyId")


@rule(
    _QUEUE,
    words="Dead-letter queue must be same type of queue as the source.",
    source=_DLQ,
)
def a_dead_letter_queue_is_of_the_same_kind(queue: Resource) -> Iterator[Problem]:
    dead = _dead_letters(queue)
    if dead is not None and dead.is_true("FifoQueue") != queue.is_true("FifoQueue"):
        kind = "FIFO" if queue.is_true("FifoQueue") else "standard"
        yield Problem(_TARGET, f"name a {kind} queue, or make {dead.name} one")
    target = _redrive(queue).get("deadLetterTargetArn")
    if target is not None and not str(target).startswith("arn:"):
        yield Problem(
            _TARGET,
            "give the queue's ARN (!GetAtt Queue.Arn), not its URL or name",
            "Value for parameter RedrivePolicy is invalid. Reason: Invalid value for "
            "deadLetterTargetArn.",
        )


@rule(
    _QUEUE,
    words="A message keeps its original time on the dead-letter queue, which deletes it before "
    "anyone looks",
    source=_DLQ,
    enforced=Enforced.NEVER,
)
def a_dead_letter_queue_keeps_messages_at_least_as_long(queue: Resource) -> Iterator[Problem]:
    dead = _dead_letters(queue)
    if dead is None:
        return
    kept = queue.number("MessageRetentionPeriod") or _RETENTION
    kept_there = dead.number("MessageRetentionPeriod") or _RETENTION
    if kept_there < kept:
        yield Problem(
            "MessageRetentionPeriod",
            f"let {dead.name} keep messages for at least {kept:,.0f} seconds, not "
            f"{kept_there:,.0f}",
        )


@rule(
    _QUEUE,
    words="Value for parameter RedrivePolicy is invalid. Reason: the dead-letter queue does not "
    "allow this source queue.",
    source=_DLQ,
)
def a_dead_letter_queue_admits_its_source(queue: Resource) -> Iterator[Problem]:
    dead = _dead_letters(queue)
    if dead is None:
        return
    allowed = _document(dead, "RedriveAllowPolicy")
    permission = allowed.get("redrivePermission", "allowAll")
    sources = [str(each) for each in as_list(allowed.get("sourceQueueArns"))]
    if dead.name == queue.name:
        yield Problem(
            _TARGET,
            "name another queue than the queue itself",
            f"Circular dependency between resources: [{queue.name}]",
            Enforced.TEMPLATE,
        )
    elif permission == "denyAll" or (permission == "byQueue" and queue.arn not in sources):
        yield Problem(
            _TARGET,
            f"let RedriveAllowPolicy of {dead.name} admit {queue.name}: take it out, or name the "
            "queue's ARN in sourceQueueArns (byQueue)",
        )


def _document(queue: Resource, name: str) -> dict[str, Any]:
    found = queue.get(name)
    if isinstance(found, str):
        found = json.loads(found)
    return found if isinstance(found, dict) else {}


def _redrive(queue: Resource) -> dict[str, Any]:
    return _document(queue, "RedrivePolicy")


def _dead_letters(queue: Resource) -> Resource | None:
    target = _redrive(queue).get("deadLetterTargetArn")
    return None if target is None else queue.world.find(_QUEUE, target)

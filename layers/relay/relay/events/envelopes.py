"""Reader of the events of submit and route: from every envelope to the model.

A message that cannot be read does not fail the others: it becomes an `Incoming` with a `problem`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.delivery.isolation import unexpected
from relay.errors import NewerFormat, UnreadableMessage
from relay.events.direct_calls import is_call, read_call
from relay.events.fields import Fields
from relay.events.s3 import CreatedObject, is_s3_event, read_s3_event
from relay.events.sagemaker import read_notification
from relay.ids import request_id_of_upload
from relay.model import Content, Delivery, Incoming, InferenceRequest, Notification, TopicCheck


@dataclass(frozen=True, slots=True)
class _Delivered:
    """A delivery with the members of its envelope: the topic, and an id that redeliveries keep."""

    delivery: Delivery
    default_id: str
    topic_arn: str | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    """The parsed body of a delivery, and its topic where that is known."""

    value: object
    topic_arn: str | None
    default_id: str


_Read = Callable[[_Message, Delivery], Incoming[Content]]


def read_submissions(event: object, invocation_id: str) -> list[Incoming[InferenceRequest]]:
    """Read the requests in an event of the submit function.

    Supported: S3 notifications in SQS, in SNS, in SNS in SQS, or direct; EventBridge `Object
    Created`, direct or in SQS; a direct call (see `relay.events.direct_calls`), direct or in SQS;
    any of these in Lambda's record of a failed invocation, in SQS.

    Args:
        event: the Lambda event.
        invocation_id: the Lambda request id, used as message id of direct invocations.
    """
    return [_incoming(delivery, _requests) for delivery in _deliveries(event, invocation_id)]


def read_notifications(event: object, invocation_id: str) -> list[Incoming[Notification]]:
    """Read the notifications in an event of the route function.

    Supported: SageMaker's notifications, in SNS in SQS, raw or not, or in SNS direct; the relay's
    own in SQS; any of these in Lambda's record of a failed invocation, in SQS.
    """
    return [_incoming(delivery, _notifications) for delivery in _deliveries(event, invocation_id)]


def _deliveries(event: object, invocation_id: str) -> Iterator[_Delivered]:
    records = event.get("Records") if isinstance(event, dict) else None
    sources = set(map(_source, records)) if isinstance(records, list) else set()
    # Records beside those of S3 or of a queue are malformed ones.
    from_queue = "aws:sqs" in sources
    if not isinstance(records, list) or not records or ("aws:s3" in sources and not from_queue):
        yield _Delivered(Delivery(invocation_id, json.dumps(event)), invocation_id)
        return
    for index, record in enumerate(records):
        try:
            yield _delivered(Fields(record, f"Records[{index}]"), invocation_id)
        except Exception:
            # Not an envelope that Lambda creates: the record becomes the unreadable message.
            delivery = _unknown(record, f"{invocation_id}/{index}", from_queue)
            yield _Delivered(delivery, delivery.message_id)


def _unknown(record: object, default_id: str, from_queue: bool) -> Delivery:
    """Return the record as a message, of a queue where it or its neighbors are of one."""
    members = record if isinstance(record, dict) else {}
    message_id, body = _string(members, "messageId"), json.dumps(record)
    if from_queue or (message_id and isinstance(members.get("receiptHandle"), str)):
        receipt = _string(members, "receiptHandle")
        return Delivery(message_id or default_id, body, receipt, identified=bool(message_id))
    return Delivery(default_id, body)


def _source(record: object) -> str:
    return _string(record, "eventSource") if isinstance(record, dict) else ""


def _string(members: Mapping[str, object], name: str) -> str:
    """Return a member that is a string; "" for any other."""
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _delivered(record: Fields, invocation_id: str) -> _Delivered:
    if record.optional_text("eventSource") == "aws:sqs":
        delivery = _from_queue(record)
        return _Delivered(delivery, delivery.message_id)
    if record.optional_text("EventSource") == "aws:sns":
        sns = record.object("Sns")
        message_id = sns.text("MessageId")
        # SNS may deliver a message twice at the same time, so the id has the invocation's: only
        # Lambda's retries of one invocation are the same delivery.
        delivery = Delivery(f"{invocation_id}/{message_id}", sns.text("Message"))
        return _Delivered(delivery, message_id, sns.text("TopicArn"))
    raise UnreadableMessage("neither from SQS nor from SNS")


def _from_queue(record: Fields) -> Delivery:
    attributes = record.optional_object("attributes") or Fields({})
    return Delivery(
        message_id=record.text("messageId"),
        body=record.optional_text("body") or "",
        # Without one the message has no back-off.
        receipt_handle=_string(record.members, "receiptHandle"),
        receive_count=_number(attributes, "ApproximateReceiveCount") or 1,
        sent_at=_time(_number(attributes, "SentTimestamp")),
    )


def _number(attributes: Fields, name: str) -> int | None:
    return attributes.whole_number(name, 0) if name in attributes else None


def _time(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise UnreadableMessage(f"SentTimestamp is not a time: {milliseconds}") from error


def _incoming(delivered: _Delivered, read: _Read[Content]) -> Incoming[Content]:
    delivery = delivered.delivery
    try:
        value = _parsed("", delivery.body)
        message = _Message(value, delivered.topic_arn, delivered.default_id)
        return read(_unwrapped(_of_failed_invocation(message)), delivery)
    except UnreadableMessage as error:
        return Incoming(delivery, problem=str(error))
    except NewerFormat as error:
        return Incoming(delivery, newer=error)
    except Exception as error:
        return Incoming(delivery, problem=str(unexpected(error)))


def _parsed(what: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableMessage(f"{what}not JSON: {error}") from error
    except RecursionError as error:
        raise UnreadableMessage(f"{what}not JSON: nested too deeply") from error


def _of_failed_invocation(message: _Message) -> _Message:
    """Return the event in the record that Lambda sends to an on-failure destination.

    Its requests have the ids that they had in the invocation.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    value = message.value
    if not isinstance(value, dict) or not {"requestContext", "requestPayload"} <= value.keys():
        return message
    invocation_id = Fields(value).object("requestContext").text("requestId")
    payload = value["requestPayload"]
    records = payload.get("Records") if isinstance(payload, dict) else None
    match records:
        case [{"EventSource": "aws:sns"} as record]:
            sns = Fields(record, "requestPayload.Records[0]").object("Sns")
            content = _parsed("Message is ", sns.text("Message"))
            return _Message(content, sns.text("TopicArn"), sns.text("MessageId"))
        case _:
            return _Message(payload, None, invocation_id)


def _unwrapped(message: _Message) -> _Message:
    """Remove the SNS envelope of a subscription without raw delivery."""
    value = message.value
    if (
        not isinstance(value, dict)
        or value.get("Type") != "Notification"
        or "TopicArn" not in value
    ):
        return message
    fields = Fields(value)
    if message.topic_arn is not None:
        # A publisher can write an envelope into its message. Only the real one names the topic.
        raise UnreadableMessage("an SNS message in an SNS message")
    return _Message(
        _parsed("Message is ", fields.text("Message")),
        fields.text("TopicArn"),
        _string(value, "MessageId") or message.default_id,
    )


def _notifications(message: _Message, delivery: Delivery) -> Incoming[Notification]:
    notification = read_notification(message.value, message.topic_arn)
    if isinstance(notification, TopicCheck):
        return Incoming(delivery, ignored=1)
    return Incoming(delivery, (notification,))


def _requests(message: _Message, delivery: Delivery) -> Incoming[InferenceRequest]:
    value = message.value
    if is_s3_event(value):
        found = read_s3_event(value)
        problem = "; ".join(found.problems) or None
        return Incoming(delivery, tuple(map(_upload, found.objects)), found.ignored, problem)
    if is_call(value):
        return _of_call(message, delivery)
    raise UnreadableMessage(
        "neither an S3 notification, an EventBridge 'Object Created' event, nor a direct call with "
        "'requests', 'input_location' or 'body'"
    )


def _of_call(message: _Message, delivery: Delivery) -> Incoming[InferenceRequest]:
    # The relay sends its own calls to the queue, without an envelope.
    bare = message.topic_arn is None and message.default_id == delivery.message_id
    by_relay = delivery.queued and bare
    call = read_call(message.value, message.default_id, by_relay=by_relay)
    if call.invalid and not delivery.queued and not bare:
        # SNS reads no answer and keeps no message: the invocation fails, and Lambda records it.
        problem = "; ".join(each.problem for each in call.invalid)
        return Incoming(delivery, call.requests, problem=problem)
    return Incoming(delivery, call.requests, invalid=call.invalid)


def _upload(created: CreatedObject) -> InferenceRequest:
    location = created.location
    return InferenceRequest(
        request_id_of_upload(
            location.bucket, location.key, created.version_id or "", created.sequencer
        ),
        location,
        version_id=created.version_id,
        etag=created.etag,
        size=created.size,
        requested_at=created.created_at,
    )

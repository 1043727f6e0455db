"""Reader of the events of submit and route: from every envelope to the model.

A message that cannot be read does not fail the others: it becomes an `Incoming` with a `problem`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.delivery.isolation import unexpected
from relay.errors import UnreadableMessage
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
    if not isinstance(records, list) or not records or _source(records[0]) == "aws:s3":
        yield _Delivered(Delivery(invocation_id, json.dumps(event)), invocation_id)
        return
    for index, record in enumerate(records):
        try:
            yield _delivered(Fields(record, f"Records[{index}]"), invocation_id)
        except Exception:
            # Not an envelope that Lambda creates: the record becomes the unreadable message.
            delivery = _unknown(record, f"{invocation_id}/{index}")
            yield _Delivered(delivery, delivery.message_id)


def _unknown(record: object, default_id: str) -> Delivery:
    """Return the record as a message, of a queue where it has the id and the receipt of one."""
    members = record if isinstance(record, dict) else {}
    message_id, receipt = members.get("messageId"), members.get("receiptHandle")
    if isinstance(message_id, str) and isinstance(receipt, str):
        return Delivery(message_id, json.dumps(record), receipt)
    return Delivery(default_id, json.dumps(record))


def _source(record: object) -> object:
    return record.get("eventSource") if isinstance(record, dict) else None


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
        receipt_handle=record.text("receiptHandle"),
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
    return _Message(
        _parsed("Message is ", fields.text("Message")),
        fields.text("TopicArn"),
        fields.optional_text("MessageId") or message.default_id,
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
        return Incoming(delivery, read_call(value, message.default_id))
    raise UnreadableMessage(
        "neither an S3 notification, an EventBridge 'Object Created' event, nor a direct call with "
        "'requests', 'input_location' or 'body'"
    )


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

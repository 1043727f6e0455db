"""Reader of SageMaker's notifications, and reader and writer of the relay's own.

Observed shapes: times with any number of fraction digits; `contentType`, `accept`,
`responseParameters` and `failureReason` missing; locations as `s3://` with raw spaces or as
`https://`; the model's response in `responseBody`, base64 or plain. A Failed notification has no
`responseParameters`.

A notification is unreadable without the members that decide: the id, the outcome, the endpoint and
the locations. Any other member that cannot be read is left out, as if it were missing.
"""

import base64
import json
from dataclasses import replace

from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.formats import NOTIFICATION
from relay.model import Notification, Outcome, TopicCheck
from relay.reading import Reader

SAGEMAKER = "aws:sagemaker"
RELAY = "async-inference-relay"

_MAX_ID_CHARACTERS = 64

_OUTCOMES = {"Completed": Outcome.COMPLETED, "Failed": Outcome.FAILED}


def read_notification(value: object, topic_arn: str | None) -> Notification | TopicCheck:
    """Read one notification.

    Args:
        value: the parsed JSON of the SNS message.
        topic_arn: the topic of the message; None with raw delivery, which drops the envelope.

    Raises:
        UnreadableMessage: `value` is not a notification of SageMaker or of the relay.
        NewerFormat: it is a notification of the relay, in a format of later code.
    """
    fields = Fields(value)
    source = fields.optional_text("eventSource")
    if source == RELAY:
        return _own(fields, topic_arn)
    if source != SAGEMAKER:
        raise UnreadableMessage(f"eventSource is {source!r}, not {SAGEMAKER!r}")
    name = fields.optional_text("eventName")
    if name == "TestNotification":
        return TopicCheck()
    if name != "InferenceResult":
        raise UnreadableMessage(f"eventName is {name!r}, not 'InferenceResult'")
    return _inference_result(fields, topic_arn)


def own_notification(
    inference_id: str,
    outcome: Outcome,
    endpoint: str,
    reason: str | None,
    location: str | None = None,
) -> str:
    """Write the relay's notification of an attempt for which SageMaker sent none.

    `location` is the output of a completed attempt, or the failure object of a failed one.
    """
    completed = outcome is Outcome.COMPLETED
    return json.dumps(
        {
            "eventSource": RELAY,
            "eventName": "InferenceResult",
            "eventVersion": NOTIFICATION.event_version,
            "inferenceId": inference_id,
            "invocationStatus": outcome.value,
            "failureReason": reason,
            "requestParameters": {"endpointName": endpoint},
            "responseParameters": {
                "outputLocation" if completed else "failureLocation": location,
            },
        }
    )


def _own(fields: Fields, topic_arn: str | None) -> Notification:
    # Notifications of the relay come through no topic. Others are parked, whatever they say.
    if topic_arn is None:
        NOTIFICATION.check_event(fields.optional_text("eventVersion"))
    status = fields.text("invocationStatus")
    try:
        outcome = Outcome(status)
    except ValueError as error:
        raise UnreadableMessage(f"invocationStatus is {status!r}") from error
    response = fields.object("responseParameters")
    return Notification(
        inference_id=_inference_id(fields),
        outcome=outcome,
        endpoint=fields.object("requestParameters").text("endpointName"),
        topic_arn=topic_arn,
        output_location=response.optional_text("outputLocation"),
        failure_location=response.optional_text("failureLocation"),
        failure_reason=fields.optional_text("failureReason"),
        from_relay=True,
    )


def _inference_result(fields: Fields, topic_arn: str | None) -> Notification:
    status = fields.optional_text("invocationStatus")
    if status not in _OUTCOMES:
        raise UnreadableMessage(f"invocationStatus is {status!r}, not 'Completed' or 'Failed'")
    request = fields.object("requestParameters")
    response = fields.optional_object("responseParameters") or Fields({})
    # It remembers a problem where Fields raises an error.
    details = Reader(fields.members)
    request_details = details.optional_object("requestParameters") or Reader({})
    response_details = details.optional_object("responseParameters") or Reader({})
    notification = Notification(
        inference_id=_inference_id(fields),
        outcome=_OUTCOMES[status],
        endpoint=request.text("endpointName"),
        topic_arn=topic_arn,
        location=request.optional_location("inputLocation"),
        output_location=response.optional_text("outputLocation"),
        failure_location=response.optional_text("failureLocation")
        or fields.optional_text("failureLocation"),
        failure_reason=details.optional_text("failureReason"),
        content_type=request_details.optional_text("contentType"),
        output_content_type=response_details.optional_text("contentType"),
        custom_attributes=request_details.optional_text("customAttributes"),
        received_at=details.optional_time("receivedTime"),
        finished_at=details.optional_time("eventTime"),
        response_body=_response_body(details.optional_object("responseBody")),
    )
    return replace(notification, left_out=tuple(map(str, details.problems)))


def _inference_id(fields: Fields) -> str:
    """Read the id. Its length is bounded: one key that is too long fails a whole BatchGetItem."""
    inference_id = fields.text("inferenceId")
    if len(inference_id) > _MAX_ID_CHARACTERS:
        raise UnreadableMessage(
            f"inferenceId has {len(inference_id)} characters; SageMaker's have at most "
            f"{_MAX_ID_CHARACTERS}"
        )
    return inference_id


def _response_body(body: Reader | None) -> bytes | None:
    if body is None:
        return None
    content, encoding = body.optional_text("content"), body.optional_text("encoding")
    if content is None or body.has_refused("encoding"):
        return None
    if encoding != "BASE64":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        # AWS documents no encoding for failures. Plain text is better than no result.
        return content.encode()

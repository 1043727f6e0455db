"""The result: the one message that goes downstream for a request, as a CloudEvents 1.0 document.

The result is a contract with consumers. `docs/reference/result.md` explains it and
`docs/reference/result.schema.json` is its schema; tests compare all three.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from relay.ids import deduplication_id
from relay.model import Attempt, Notification, Outcome, OutgoingMessage
from relay.route.failures import FailureClass, classify_failure
from relay.route.response_body import to_body
from relay.routes.target import Addressed, TargetKind
from relay.s3uri import S3Uri

SCHEMA = "urn:async-inference-relay:result:1"

_TYPE = "relay.inference"
# CloudEvents allows neither control characters nor Unicode's noncharacters in an attribute.
# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
_NO_ATTRIBUTE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x11_0000, 0x1_0000)
    )
    + "]"
)
# Bounds texts of others in the message. SageMaker accepts at most 1,024 characters in a header, and
# the ledger has the same maximum as here.
_MAX_TEXT_CHARACTERS = 2_048
# For the types of attributes, or an EventBridge entry's time, source, type and resources.
_RESERVED_BYTES = 1_024


@dataclass(frozen=True)  # without slots, which cached_property does not support
class Result:
    """The end of a request. `attempt` is None for an inference that the relay did not submit."""

    request_id: str
    notification: Notification
    attempt: Attempt | None
    endpoint_arn: str
    routed_at: datetime

    def document(self) -> Mapping[str, object]:
        """Return the document, with the model's response where SageMaker included one."""
        return self._document

    def to_message(self, addressed: Addressed) -> OutgoingMessage:
        """Return the message for a target, with a body within the limit of the target's kind."""
        attributes = (
            ("outcome", self.notification.outcome.value),
            ("endpoint", self.notification.endpoint),
            ("route", addressed.route),
            ("request_id", self.request_id),
        )
        kind = addressed.target.kind
        fifo = kind.ordered
        length = sum(len(name) + len(value.encode()) for name, value in attributes)
        return OutgoingMessage(
            # Several inferences of other callers can have one InferenceId, but not one request id.
            key=f"{self.attempt.id if self.attempt else self.request_id}/{addressed.route}",
            address=addressed.target,
            body=self._text(kind.most_bytes - length - _RESERVED_BYTES),
            attributes=attributes,
            group_id=addressed.group if fifo else None,
            deduplication_id=deduplication_id(self.request_id, addressed.route) if fifo else None,
            delay_seconds=addressed.delay_seconds,
            detail_type=self._type if kind is TargetKind.BUS else "",
            resources=(self.endpoint_arn,) if kind is TargetKind.BUS else (),
        )

    def shortened(self, message: OutgoingMessage) -> OutgoingMessage | None:
        """Return the message without the model's response; None if that is not shorter."""
        if self.notification.response_body is None or message.body == self._without_answer:
            return None
        return replace(message, body=self._without_answer)

    @property
    def _type(self) -> str:
        return f"{_TYPE}.{self.notification.outcome.value}"

    def _text(self, limit: int) -> str:
        # JSON escapes characters beyond ASCII, so that each character is one byte.
        fits = len(self._whole) <= limit or self.notification.response_body is None
        return self._whole if fits else self._without_answer

    @cached_property
    def _whole(self) -> str:
        return json.dumps(self._document, separators=(",", ":"))

    @cached_property
    def _without_answer(self) -> str:
        size = len(self.notification.response_body or b"")
        omitted = {"reason": "too_large", "size": size}
        data = self._data({"body_omitted": omitted})
        return json.dumps({**self._document, "data": data}, separators=(",", ":"))

    @cached_property
    def _document(self) -> dict[str, object]:
        notification = self.notification
        answer = notification.response_body
        body = None if answer is None else to_body(answer, notification.output_content_type)
        return {
            "specversion": "1.0",
            "id": self.request_id,
            "source": self.endpoint_arn,
            "type": self._type,
            "subject": _NO_ATTRIBUTE.sub("\ufffd", self._input_location() or self.request_id),
            "time": _iso(self._time),
            "dataschema": SCHEMA,
            "datacontenttype": "application/json",
            "data": self._data({"body": body}),
        }

    def _data(self, answer: Mapping[str, object]) -> dict[str, object]:
        """Return `data`. `answer` has the member for the model's response, or for its omission."""
        notification, attempt = self.notification, self.attempt
        completed = notification.outcome is Outcome.COMPLETED
        # What the caller gave; otherwise a notification could choose the routes of a request.
        attributes = (notification if attempt is None else attempt).custom_attributes
        return _present(
            {
                "outcome": notification.outcome.value,
                "request_id": self.request_id,
                "inference_id": notification.inference_id,
                "endpoint": notification.endpoint,
                "tracked": attempt is not None,
                "attempts": 1 if attempt is None else attempt.number,
                "resubmission_of": None if attempt is None else attempt.resubmission_of,
                "input": self._input(),
                "output": self._output(answer) if completed else None,
                "failure": None if completed else self._failure(answer),
                "timing": self._timing(),
                "custom_attributes": _bounded(attributes),
            }
        )

    def _input_location(self) -> str | None:
        # The ledger has the location that the caller gave; SageMaker may write it in another form.
        location = (self.notification if self.attempt is None else self.attempt).location
        return None if location is None else str(location)

    def _input(self) -> dict[str, object]:
        attempt = self.attempt
        known = None if attempt is None else attempt.content_type
        return _present(
            {
                "location": self._input_location(),
                "version_id": None if attempt is None else _bounded(attempt.version_id),
                "etag": None if attempt is None else _bounded(attempt.etag),
                "content_type": _bounded(known or self.notification.content_type),
            }
        )

    def _output(self, answer: Mapping[str, object]) -> dict[str, object]:
        known = None if self.attempt is None else self.attempt.output_location
        return _present(
            {
                "location": _s3(self.notification.output_location or known),
                "content_type": _bounded(self.notification.output_content_type),
                **answer,
            }
        )

    def _failure(self, answer: Mapping[str, object]) -> dict[str, object]:
        notification = self.notification
        return _present(
            {
                "reason": _bounded(notification.failure_reason) or "SageMaker gave no reason",
                "classification": _classification(notification).value,
                "location": _s3(notification.failure_location),
                **answer,
            }
        )

    @property
    def _time(self) -> datetime:
        return self.notification.finished_at or self.routed_at

    def _timing(self) -> dict[str, object]:
        notification, attempt = self.notification, self.attempt
        requested = None if attempt is None else attempt.requested_at
        # A rejected request was not submitted.
        rejected = notification.outcome is Outcome.REJECTED
        submitted = None if rejected or attempt is None else attempt.submitted_at
        received, finished = notification.received_at, notification.finished_at
        return _present(
            {
                "requested": requested and _iso(requested),
                "submitted": submitted and _iso(submitted),
                "received": received and _iso(received),
                "finished": finished and _iso(finished),
                "routed": _iso(self.routed_at),
                "queued_ms": _milliseconds(requested, submitted),
                "sagemaker_ms": _milliseconds(received, finished),
                "total_ms": _milliseconds(requested or submitted or received, self._time),
            }
        )


def _classification(notification: Notification) -> FailureClass:
    """Return whether the same input may succeed if it is submitted again."""
    if notification.outcome is Outcome.EXPIRED:
        return FailureClass.TRANSIENT
    if notification.outcome is Outcome.REJECTED:
        return FailureClass.PERMANENT
    return classify_failure(notification.failure_reason)


def _s3(location: str | None) -> str | None:
    """Return the location as `s3://`, also where SageMaker gave an `https://` URL."""
    return None if location is None else str(S3Uri.parse(location))


def _bounded(text: str | None) -> str | None:
    if text is None or len(text) <= _MAX_TEXT_CHARACTERS:
        return text or None
    return f"{text[: _MAX_TEXT_CHARACTERS - 1]}…"


def _present(members: dict[str, object]) -> dict[str, object]:
    """Return the members that have a value: the document has no nulls."""
    return {name: value for name, value in members.items() if value is not None}


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    """Return the time between, never negative: the times are from different clocks."""
    if start is None or end is None:
        return None
    return max(0, round((end - start) / timedelta(milliseconds=1)))


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

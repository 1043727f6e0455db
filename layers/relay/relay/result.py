"""The result: the one message that goes downstream for a request, as a CloudEvents 1.0 document."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.failures import classify_failure
from relay.model import Attempt, Notification, Outcome, OutgoingMessage
from relay.s3uri import S3Uri

_TYPE = "relay.inference"
# SQS takes 1 MiB for a message with its attributes, and for a batch of them in all.
_MAX_BODY_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """How a request ended. `attempt` is None for one that somebody else submitted."""

    request_id: str
    notification: Notification
    attempt: Attempt | None
    endpoint_arn: str
    routed_at: datetime

    def to_message(self, queue_url: str) -> OutgoingMessage:
        """The message for a FIFO queue, which drops repeats of an id within five minutes."""
        return OutgoingMessage(
            key=self.notification.inference_id,
            address=queue_url,
            body=self.to_json(),
            attributes=(
                ("outcome", self.notification.outcome.value),
                ("endpoint", self.notification.endpoint),
                ("request_id", self.request_id),
            ),
            group_id=self.request_id,
            deduplication_id=self.request_id,
        )

    def to_json(self) -> str:
        """The document. Characters beyond ASCII are escaped, which every queue takes."""
        text = json.dumps(self._document(with_body=True), separators=(",", ":"))
        if len(text) > _MAX_BODY_CHARACTERS:
            text = json.dumps(self._document(with_body=False), separators=(",", ":"))
        return text

    def _document(self, with_body: bool) -> dict[str, object]:
        notification = self.notification
        finished = notification.finished_at or self.routed_at
        return {
            "specversion": "1.0",
            "id": self.request_id,
            "source": self.endpoint_arn,
            "type": f"{_TYPE}.{notification.outcome.value}",
            "subject": self._input_location() or self.request_id,
            "time": _iso(finished),
            "datacontenttype": "application/json",
            "data": _present(
                {
                    "outcome": notification.outcome.value,
                    "request_id": self.request_id,
                    "inference_id": notification.inference_id,
                    "endpoint": notification.endpoint,
                    "tracked": self.attempt is not None,
                    "attempts": 1 if self.attempt is None else self.attempt.number,
                    "input": self._input(),
                    "output": self._output(with_body),
                    "failure": self._failure(with_body),
                    "timing": self._timing(finished),
                    "custom_attributes": notification.custom_attributes
                    or (self.attempt and self.attempt.custom_attributes),
                }
            ),
        }

    def _input_location(self) -> str | None:
        # The ledger's first: it is what the caller named; the notification may spell it otherwise.
        location = (self.attempt and self.attempt.location) or self.notification.location
        return None if location is None else str(location)

    def _input(self) -> dict[str, object]:
        attempt = self.attempt
        return _present(
            {
                "location": self._input_location(),
                "version_id": attempt and attempt.version_id,
                "content_type": (attempt and attempt.content_type)
                or self.notification.content_type,
            }
        )

    def _output_location(self) -> str | None:
        known = None if self.attempt is None else self.attempt.output_location
        return self.notification.output_location or known

    def _output(self, with_body: bool) -> dict[str, object] | None:
        notification = self.notification
        if notification.outcome is not Outcome.COMPLETED:
            return None
        return _present(
            {
                "location": _s3(self._output_location()),
                "content_type": notification.output_content_type,
                "body": self._body(with_body),
            }
        )

    def _failure(self, with_body: bool) -> dict[str, object] | None:
        notification = self.notification
        if notification.outcome is Outcome.COMPLETED:
            return None
        failed = notification.outcome is Outcome.FAILED
        return _present(
            {
                "reason": notification.failure_reason or "SageMaker gave no reason",
                "class": classify_failure(notification.failure_reason).value if failed else None,
                "location": _s3(notification.failure_location),
                "body": self._body(with_body),
            }
        )

    def _body(self, with_body: bool) -> dict[str, str] | None:
        content = self.notification.response_body
        if content is None:
            return None
        if not with_body:
            return {"omitted": "too large for a message; read it at the location"}
        try:
            return {"encoding": "utf-8", "content": content.decode()}
        except UnicodeDecodeError:
            return {"encoding": "base64", "content": base64.b64encode(content).decode()}

    def _timing(self, finished: datetime) -> dict[str, object]:
        submitted = self.attempt.submitted_at if self.attempt else None
        started = submitted or self.notification.received_at
        return _present(
            {
                "submitted": submitted and _iso(submitted),
                "received": self.notification.received_at and _iso(self.notification.received_at),
                "finished": _iso(finished),
                "total_ms": started and max(0, round((finished - started).total_seconds() * 1000)),
            }
        )


def _s3(location: str | None) -> str | None:
    """The location as `s3://`, also where SageMaker wrote an `https://` address."""
    return None if location is None else str(S3Uri.parse(location))


def _present(members: dict[str, object]) -> dict[str, object]:
    """Without the members that have no value; a consumer has no nulls to test for."""
    return {name: value for name, value in members.items() if value is not None}


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

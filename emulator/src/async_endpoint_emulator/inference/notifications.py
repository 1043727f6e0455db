"""What SageMaker publishes: the shapes observed, in their member order, compact, no attributes."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from async_endpoint_emulator.config import NotificationShape
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.queue import Request

log = logging.getLogger("sagemaker")

# "128 KB" in the API reference of IncludeInferenceResponseIn; the inline body's limit is 128,000.
MAX_INCLUDED_BYTES = 128 * 1024
TEST_NOTIFICATION = {
    "eventVersion": "1.0",
    "eventSource": "aws:sagemaker",
    "eventName": "TestNotification",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's own answer to a request."""

    status: int
    body: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Notifications:
    """Builds the two kinds of InferenceResult."""

    region: str
    shape: NotificationShape

    def completed(self, request: Request, answer: Answer, include: bool) -> str:
        """`responseBody` comes along when asked for and at most 128 KB long."""
        output = (
            request.output.to_https(self.region)
            if self.shape.https_output_location
            else str(request.output)
        )
        response = _without_none(contentType=answer.content_type, outputLocation=output)
        body = self._response_body(answer.body, failed=False) if include else {}
        return self._result(request, "Completed", {}, {"responseParameters": response, **body})

    def failed(self, request: Request, reason: str, answer: Answer | None, include: bool) -> str:
        """No `responseParameters`, unless the configuration asks for the failure location."""
        first = {"failureReason": reason} if self.shape.failure_reason else {}
        rest: dict[str, Any] = {}
        if self.shape.failure_location and request.failure:
            rest["responseParameters"] = {"failureLocation": str(request.failure)}
        if include and answer:
            rest |= self._response_body(answer.body, failed=True)
        return self._result(request, "Failed", first, rest)

    def _result(
        self, request: Request, status: str, first: Mapping[str, Any], rest: Mapping[str, Any]
    ) -> str:
        return _compact(
            {
                "awsRegion": self.region,
                "eventTime": self._time(datetime.now(UTC)),
                "receivedTime": self._time(request.received),
                "invocationStatus": status,
                **first,
                "requestParameters": self._request_parameters(request),
                **rest,
                "inferenceId": request.inference_id,
                "eventVersion": "1.0",
                "eventSource": "aws:sagemaker",
                "eventName": "InferenceResult",
            }
        )

    def _request_parameters(self, request: Request) -> dict[str, str]:
        shape = self.shape
        location = request.input_location
        if location is None and shape.input_location_for_inline_body:
            location = ""
        return _without_none(
            accept=None if shape.omit_accept else request.accept,
            contentType=None if shape.omit_content_type else request.content_type,
            customAttributes=request.custom_attributes if shape.echo_custom_attributes else None,
            endpointName=request.endpoint_name,
            inputLocation=location,
        )

    def _response_body(self, body: bytes, *, failed: bool) -> dict[str, Any]:
        if len(body) > MAX_INCLUDED_BYTES:
            return {}
        message = "Check S3 path location(if configured) or Cloudwatch for additional details."
        if failed and not self.shape.encode_failure_body:
            text = body.decode(errors="replace")
            return {"responseBody": {"content": text, "message": message}}
        content = base64.b64encode(body).decode()
        return {"responseBody": {"content": content, "message": message, "encoding": "BASE64"}}

    def _time(self, moment: datetime) -> str:
        text = moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03d}"
        return (text.rstrip("0").rstrip(".") if self.shape.trim_timestamps else text) + "Z"


class Topics(Protocol):
    """SNS, in the name of a role. Raises botocore's ClientError."""

    async def publish(self, role_arn: str, topic: str, message: str) -> None: ...


Send = Callable[[], Coroutine[Any, Any, None]]
"""Publishes one notification."""


@dataclass
class Publisher:
    """Publishes to SNS as the execution role, with the faults in force."""

    topics: Topics
    faults: FaultInjector
    counters: Counters
    _held: list[tuple[asyncio.TimerHandle, Send]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def publish(
        self, role_arn: str, topic: str, text: str, failed: Callable[[], None] = lambda: None
    ) -> None:
        """Publishes once - or never, twice or later, when a fault says so.

        `failed` is called when SNS refuses it.
        """
        send = partial(self._send, role_arn, topic, text, failed)
        faults = self.faults.faults
        if self.faults.strikes(faults.lose_notification):
            self.counters.notifications_lost += 1
            log.info("fault: notification to %s lost", topic)
            return
        if self.faults.strikes(faults.delay_notification):
            self._hold(faults.delay_seconds, send)
            return
        await send()
        if self.faults.strikes(faults.duplicate_notification):
            self.counters.notifications_duplicated += 1
            await send()
        held, self._held = self._held, []
        for timer, send_late in held:
            timer.cancel()
            await send_late()

    async def test(self, role_arn: str, topic: str) -> None:
        """Publishes a TestNotification.

        Raises:
            ClientError: the role may not publish, or there is no such topic.
        """
        await self.topics.publish(role_arn, topic, _compact(TEST_NOTIFICATION))
        self.counters.test_notifications_published += 1

    async def close(self) -> None:
        """Gives up what is still held back."""
        for timer, *_ in self._held:
            timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hold(self, seconds: float, send: Send) -> None:
        def release() -> None:
            self._held.remove(entry)
            task = asyncio.create_task(send())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self.counters.notifications_delayed += 1
        entry = (asyncio.get_running_loop().call_later(seconds, release), send)
        self._held.append(entry)

    async def _send(self, role_arn: str, topic: str, text: str, failed: Callable[[], None]) -> None:
        try:
            await self.topics.publish(role_arn, topic, text)
        except Exception as exc:
            # As at AWS: counted (NotificationFailures), and the request is not tried again.
            self.counters.notification_failures += 1
            failed()
            log.error("notification to %s failed: %r", topic, exc)
        else:
            self.counters.notifications_published += 1


def _compact(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="replace").decode()  # SNS takes no lone surrogate


def _without_none(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}

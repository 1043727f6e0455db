"""Takes one request through the model: input, container, output object, notification."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from async_endpoint_emulator.aws import AWS_ERRORS
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.data_plane import TooLarge
from async_endpoint_emulator.inference.hosts import Host
from async_endpoint_emulator.inference.invocation import (
    MAX_PAYLOAD_BYTES,
    InvocationFailed,
    model_error,
)
from async_endpoint_emulator.inference.meters import Meters, Metric
from async_endpoint_emulator.inference.notifications import Answer, Notifications, Publisher, Topics
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.resources import ERROR, SUCCESS, OutputConfig

log = logging.getLogger("sagemaker")


@dataclass(frozen=True, slots=True)
class Assignment:
    """On whose behalf a request is processed."""

    variant: str
    role_arn: str
    output: OutputConfig


class Objects(Topics, Protocol):
    """S3 and SNS, in the name of a role. Raises botocore's ClientError."""

    async def get_object(self, role_arn: str, location: S3Location, most: int) -> bytes: ...

    async def put_object(
        self,
        role_arn: str,
        location: S3Location,
        body: bytes,
        content_type: str,
        kms_key_id: str | None,
    ) -> None: ...


@dataclass
class Processor:
    """One for the whole emulator; instances call `process` from their slots."""

    data_plane: Objects
    region: str
    config: Config
    faults: FaultInjector
    counters: Counters
    meters: Meters

    def __post_init__(self) -> None:
        self.notifications = Notifications(self.region, self.config.notifications)
        self.publisher = Publisher(self.data_plane, self.faults, self.counters)

    async def process(self, request: Request, host: Host, on_behalf: Assignment) -> None:
        """Never raises: whatever happens becomes a Completed or Failed request."""
        self.counters.in_flight += 1
        try:
            await _Processing(self, request, on_behalf).run(host)
        finally:
            self.counters.in_flight -= 1

    async def expire(self, request: Request, on_behalf: Assignment) -> None:
        """Ends a request that waited too long."""
        self.counters.expired += 1
        await _Processing(self, request, on_behalf).expire()


@dataclass(frozen=True, slots=True)
class _Processing:
    """One request, from the queue to its notification."""

    shared: Processor
    request: Request
    on_behalf: Assignment

    async def run(self, host: Host) -> None:
        self._age(Metric.TIME_IN_BACKLOG)
        try:
            answer = await self._invoke(host, await self._input())
            begun = _clock()
            await self._put(self.request.output, answer)
            self._latency(Metric.RESPONSE_UPLOAD_LATENCY, begun)
        except InvocationFailed as failure:
            await self._fail(failure)
        except Exception as exc:
            log.exception("request %s: the emulator itself failed", self.request.inference_id)
            await self._fail(InvocationFailed(f"InternalFailure: {exc!r}"))
        else:
            await self._complete(answer)
        finally:
            self._observe(Metric.INVOCATIONS_PROCESSED)
            self._age(Metric.TOTAL_PROCESSING_TIME)

    async def expire(self) -> None:
        log.info("request %s expired", self.request.inference_id)
        self._observe(Metric.EXPIRED_REQUESTS)
        failure = InvocationFailed(
            f"ClientError: The request expired: it waited {self.request.ttl_seconds} seconds "
            "(RequestTTLSeconds) without being processed."
        )
        config = self.shared.config
        await self._fail(
            failure, write=config.expiry_failure_object, notify=config.expiry_notification
        )

    async def _input(self) -> bytes:
        if self.request.body is not None:
            return self.request.body
        location = S3Location.parse(str(self.request.input_location))
        begun = _clock()
        try:
            payload = await self.shared.data_plane.get_object(
                self.on_behalf.role_arn, location, MAX_PAYLOAD_BYTES
            )
        except TooLarge as exc:
            raise InvocationFailed(f"ClientError: The input is larger than 1 GB: {exc}") from exc
        except AWS_ERRORS as exc:
            self.shared.counters.request_download_failures += 1
            self._observe(Metric.REQUEST_DOWNLOAD_FAILURES)
            raise InvocationFailed(
                "ClientError: Unable to download the input from "
                f"{self.request.input_location}: {exc}"
            ) from exc
        self._latency(Metric.REQUEST_DOWNLOAD_LATENCY, begun)
        return payload

    async def _invoke(self, host: Host, payload: bytes) -> Answer:
        injector = self.shared.faults
        if injector.strikes(injector.faults.server_error):
            self._observe(Metric.INVOCATION_5XX_ERRORS)
            raise model_error(500, Answer(500, b"injected server error", "text/plain"))
        if injector.strikes(injector.faults.crash_model_server):
            host.kill()
        begun = _clock()
        try:
            return await host.invoke(self.request, payload)
        except InvocationFailed as failure:
            client_error = failure.answer is not None and 300 <= failure.answer.status < 500
            self._observe(
                Metric.INVOCATION_4XX_ERRORS if client_error else Metric.INVOCATION_5XX_ERRORS
            )
            raise
        finally:
            self._latency(Metric.MODEL_LATENCY, begun)

    async def _put(self, location: S3Location, answer: Answer) -> None:
        try:
            await self.shared.data_plane.put_object(
                self.on_behalf.role_arn,
                location,
                answer.body,
                answer.content_type or "application/octet-stream",
                self.on_behalf.output.kms_key_id,
            )
        except AWS_ERRORS as exc:
            self.shared.counters.response_upload_failures += 1
            self._observe(Metric.RESPONSE_UPLOAD_FAILURES)
            raise InvocationFailed(
                f"ClientError: Unable to upload the response to {location}: {exc}"
            ) from exc

    async def _complete(self, answer: Answer) -> None:
        self.shared.counters.completed += 1
        log.info("request %s completed: %s", self.request.inference_id, self.request.output)
        output = self.on_behalf.output
        if output.success_topic:
            included = SUCCESS in output.include_response_in
            message = self.shared.notifications.completed(self.request, answer, included)
            await self._notify(output.success_topic, message)

    async def _fail(
        self, failure: InvocationFailed, *, write: bool = True, notify: bool = True
    ) -> None:
        self.shared.counters.failed += 1
        self._observe(Metric.INVOCATION_FAILURES)
        request, answer, output = self.request, failure.answer, self.on_behalf.output
        log.info("request %s failed: %s", request.inference_id, failure.reason)
        if write and request.failure:
            content = answer or Answer(0, failure.reason.encode(errors="replace"), "text/plain")
            try:
                await self._put(request.failure, content)
            except Exception as exc:  # the notification comes all the same
                log.error("request %s: %r", request.inference_id, exc)
        if notify and output.error_topic:
            included = ERROR in output.include_response_in
            message = self.shared.notifications.failed(request, failure.reason, answer, included)
            await self._notify(output.error_topic, message)

    async def _notify(self, topic: str, message: str) -> None:
        failed = partial(self._observe, Metric.NOTIFICATION_FAILURES)
        await self.shared.publisher.publish(self.on_behalf.role_arn, topic, message, failed)

    def _observe(self, metric: Metric, value: float = 1.0) -> None:
        name = self.request.endpoint_name
        self.shared.meters.observe(name, self.on_behalf.variant, metric, value)

    def _latency(self, metric: Metric, begun: float) -> None:
        """Microseconds since `begun`."""
        self._observe(metric, (_clock() - begun) * 1e6)

    def _age(self, metric: Metric) -> None:
        """Milliseconds since the request was received."""
        self._observe(metric, (datetime.now(UTC) - self.request.received).total_seconds() * 1e3)


def _clock() -> float:
    return asyncio.get_running_loop().time()

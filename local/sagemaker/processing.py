"""Takes one request through the model: input, container, output object, notification."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from local.sagemaker.aws import AWS_ERRORS
from local.sagemaker.config import Config
from local.sagemaker.counters import Counters
from local.sagemaker.data_plane import TooLarge
from local.sagemaker.faults import FaultInjector
from local.sagemaker.hosts import Host
from local.sagemaker.invocation import InvocationFailed, model_error
from local.sagemaker.meters import Meters, Metric
from local.sagemaker.notifications import Answer, Notifications, Publisher, Topics
from local.sagemaker.queueing import Request
from local.sagemaker.resources import ERROR, SUCCESS, OutputConfig
from local.sagemaker.s3_location import S3Location

log = logging.getLogger("sagemaker")

MAX_PAYLOAD_BYTES = 1024**3


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


class Processor:
    """One for the whole emulator; instances call `process` from their slots."""

    def __init__(
        self,
        data_plane: Objects,
        region: str,
        config: Config,
        faults: FaultInjector,
        counters: Counters,
        meters: Meters,
    ) -> None:
        self._data_plane = data_plane
        self._config = config
        self._faults = faults
        self._counters = counters
        self._meters = meters
        self._notifications = Notifications(region, config.notifications)
        self.publisher = Publisher(data_plane, faults, counters)

    async def process(self, request: Request, host: Host, on_behalf: Assignment) -> None:
        """Never raises: whatever happens becomes a Completed or Failed request."""
        self._counters.in_flight += 1
        measure = _Measure(self._meters, request, on_behalf.variant)
        measure.age(Metric.TIME_IN_BACKLOG)
        try:
            payload = await self._input(request, on_behalf, measure)
            answer = await self._invoke(request, payload, host, measure)
            begun = _clock()
            await self._put(request.output, answer, on_behalf, measure)
            measure.latency(Metric.RESPONSE_UPLOAD_LATENCY, begun)
        except InvocationFailed as failure:
            await self._fail(request, failure, on_behalf, measure)
        except Exception as exc:
            log.exception("request %s: the emulator itself failed", request.inference_id)
            internal = InvocationFailed(f"InternalFailure: {exc!r}")
            await self._fail(request, internal, on_behalf, measure)
        else:
            await self._complete(request, answer, on_behalf, measure)
        finally:
            measure.count(Metric.INVOCATIONS_PROCESSED)
            measure.age(Metric.TOTAL_PROCESSING_TIME)
            self._counters.in_flight -= 1

    async def expire(self, request: Request, on_behalf: Assignment) -> None:
        """Ends a request that waited too long."""
        self._counters.expired += 1
        measure = _Measure(self._meters, request, on_behalf.variant)
        measure.count(Metric.EXPIRED_REQUESTS)
        failure = InvocationFailed(
            f"ClientError: The request expired: it waited {request.ttl_seconds} seconds "
            "(RequestTTLSeconds) without being processed."
        )
        log.info("request %s expired", request.inference_id)
        await self._fail(
            request,
            failure,
            on_behalf,
            measure,
            write=self._config.expiry_failure_object,
            notify=self._config.expiry_notification,
        )

    def count_dropped(self, number: int) -> None:
        """Requests whose endpoint was deleted before their turn."""
        self._counters.dropped += number

    async def _input(self, request: Request, on_behalf: Assignment, measure: "_Measure") -> bytes:
        if request.body is not None:
            return request.body
        location = S3Location.parse(str(request.input_location))
        begun = _clock()
        try:
            payload = await self._data_plane.get_object(
                on_behalf.role_arn, location, MAX_PAYLOAD_BYTES
            )
        except TooLarge as exc:
            raise InvocationFailed(f"ClientError: The input is larger than 1 GB: {exc}") from exc
        except AWS_ERRORS as exc:
            self._counters.request_download_failures += 1
            measure.count(Metric.REQUEST_DOWNLOAD_FAILURES)
            raise InvocationFailed(
                f"ClientError: Unable to download the input from {request.input_location}: {exc}"
            ) from exc
        measure.latency(Metric.REQUEST_DOWNLOAD_LATENCY, begun)
        return payload

    async def _invoke(
        self, request: Request, payload: bytes, host: Host, measure: "_Measure"
    ) -> Answer:
        faults = self._faults.faults
        if self._faults.strikes(faults.server_error):
            measure.count(Metric.INVOCATION_5XX_ERRORS)
            raise model_error(500, Answer(500, b"injected server error", "text/plain"))
        if self._faults.strikes(faults.crash_model_server):
            host.kill()
        begun = _clock()
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await host.invoke(request, payload)
        except TimeoutError as exc:
            log.info("request %s: the model took too long", request.inference_id)
            measure.count(Metric.INVOCATION_5XX_ERRORS)
            raise model_error(0) from exc
        except InvocationFailed as failure:
            client_error = failure.answer is not None and 300 <= failure.answer.status < 500
            measure.count(
                Metric.INVOCATION_4XX_ERRORS if client_error else Metric.INVOCATION_5XX_ERRORS
            )
            raise
        finally:
            measure.latency(Metric.MODEL_LATENCY, begun)

    async def _put(
        self, location: S3Location, answer: Answer, on_behalf: Assignment, measure: "_Measure"
    ) -> None:
        try:
            await self._data_plane.put_object(
                on_behalf.role_arn,
                location,
                answer.body,
                answer.content_type or "application/octet-stream",
                on_behalf.output.kms_key_id,
            )
        except AWS_ERRORS as exc:
            self._counters.response_upload_failures += 1
            measure.count(Metric.RESPONSE_UPLOAD_FAILURES)
            raise InvocationFailed(
                f"ClientError: Unable to upload the response to {location}: {exc}"
            ) from exc

    async def _complete(
        self, request: Request, answer: Answer, on_behalf: Assignment, measure: "_Measure"
    ) -> None:
        self._counters.completed += 1
        log.info("request %s completed: %s", request.inference_id, request.output)
        topic = on_behalf.output.success_topic
        if topic:
            included = SUCCESS in on_behalf.output.include_response_in
            message = self._notifications.completed(request, answer, included)
            await self._notify(topic, message, on_behalf, measure)

    async def _fail(
        self,
        request: Request,
        failure: InvocationFailed,
        on_behalf: Assignment,
        measure: "_Measure",
        *,
        write: bool = True,
        notify: bool = True,
    ) -> None:
        self._counters.failed += 1
        measure.count(Metric.INVOCATION_FAILURES)
        log.info("request %s failed: %s", request.inference_id, failure.reason)
        answer = failure.answer
        if write and request.failure:
            content = answer or Answer(0, failure.reason.encode(), "text/plain")
            try:
                await self._put(request.failure, content, on_behalf, measure)
            except InvocationFailed as exc:
                log.error("request %s: %s", request.inference_id, exc.reason)
        topic = on_behalf.output.error_topic
        if notify and topic:
            included = ERROR in on_behalf.output.include_response_in
            message = self._notifications.failed(request, failure.reason, answer, included)
            await self._notify(topic, message, on_behalf, measure)

    async def _notify(
        self, topic: str, message: str, on_behalf: Assignment, measure: "_Measure"
    ) -> None:
        def failed() -> None:
            measure.count(Metric.NOTIFICATION_FAILURES)

        await self.publisher.publish(on_behalf.role_arn, topic, message, failed)


class _Measure:
    """Observes one request."""

    def __init__(self, meters: Meters, request: Request, variant: str) -> None:
        self._meters = meters
        self._request = request
        self._variant = variant

    def count(self, metric: Metric) -> None:
        self._meters.observe(self._request.endpoint_name, self._variant, metric)

    def latency(self, metric: Metric, begun: float) -> None:
        """Microseconds since `begun`."""
        value = (_clock() - begun) * 1e6
        self._meters.observe(self._request.endpoint_name, self._variant, metric, value)

    def age(self, metric: Metric) -> None:
        """Milliseconds since the request was received."""
        value = (datetime.now(UTC) - self._request.received).total_seconds() * 1e3
        self._meters.observe(self._request.endpoint_name, self._variant, metric, value)


def _clock() -> float:
    return asyncio.get_running_loop().time()

"""Takes one request through the model: input, container, output object, notification."""

import logging

import aiohttp

from local.sagemaker.aws import AWS_ERRORS
from local.sagemaker.config import Config
from local.sagemaker.counters import Counters
from local.sagemaker.data_plane import DataPlane, TooLarge
from local.sagemaker.faults import FaultInjector
from local.sagemaker.instances import Instance
from local.sagemaker.metrics import Metrics
from local.sagemaker.metrics_requests import RequestMetrics
from local.sagemaker.notifications import Answer, Notifications, Publisher
from local.sagemaker.queueing import Request
from local.sagemaker.resources import ERROR, SUCCESS, OutputConfig
from local.sagemaker.s3_location import S3Location

log = logging.getLogger("sagemaker")

MAX_PAYLOAD_BYTES = 1024**3
MAX_HEADER_BYTES = 4096
_SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."


class InvocationFailed(Exception):
    """The request ends as Failed. `answer` is the container's own, when it gave one.

    `model_status`: the HTTP status for which the model is to blame, 0 without a usable answer;
    None when it is not to blame.
    """

    def __init__(
        self, reason: str, answer: Answer | None = None, model_status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer
        self.model_status = model_status


def model_error(status: int, answer: Answer | None = None) -> InvocationFailed:
    """The observed words; 0 stands for a container that gave no usable answer."""
    kind = "client" if 300 <= status < 500 else "server"
    return InvocationFailed(
        f"ClientError: Received {kind} error ({status}) from model. {_SEE_LOGS}", answer, status
    )


class Processor:
    """One for the whole emulator; instances call `process` from their slots."""

    def __init__(
        self,
        data_plane: DataPlane,
        region: str,
        http: aiohttp.ClientSession,
        config: Config,
        faults: FaultInjector,
        counters: Counters,
        metrics: Metrics,
    ) -> None:
        self._data_plane = data_plane
        self._http = http
        self._config = config
        self._faults = faults
        self._counters = counters
        self._metrics = metrics
        self._notifications = Notifications(region, config.notifications)
        self.publisher = Publisher(data_plane, faults, counters)

    async def process(self, request: Request, instance: Instance, output: OutputConfig) -> None:
        """Never raises: whatever happens becomes a Completed or Failed request."""
        self._counters.in_flight += 1
        role_arn = instance.role_arn
        measured = RequestMetrics(self._metrics, request, instance.variant_name)
        measured.taken()
        try:
            with measured.timing("RequestDownloadLatency"):
                payload = await self._input(request, role_arn, measured)
            with measured.timing("ModelLatency"):
                answer = await self._invoke(request, payload, instance)
            measured.answered()
            with measured.timing("ResponseUploadLatency"):
                await self._put(role_arn, request.output, answer, output, measured)
        except InvocationFailed as failure:
            measured.failed(failure.model_status)
            await self._fail(request, failure, role_arn, output, measured)
        except Exception as exc:
            log.exception("request %s: the emulator itself failed", request.inference_id)
            internal = InvocationFailed(f"InternalFailure: {exc!r}")
            measured.failed(None)
            await self._fail(request, internal, role_arn, output, measured)
        else:
            self._counters.completed += 1
            log.info("request %s completed: %s", request.inference_id, request.output)
            if output.success_topic:
                included = SUCCESS in output.include_response_in
                message = self._notifications.completed(request, answer, included)
                if not await self.publisher.publish(role_arn, output.success_topic, message):
                    measured.count("NotificationFailures")
        finally:
            measured.done()
            self._counters.in_flight -= 1

    async def expire(
        self, request: Request, role_arn: str, output: OutputConfig, variant_name: str
    ) -> None:
        """Ends a request that waited too long. No variant had it; one is named for the metrics."""
        self._counters.expired += 1
        measured = RequestMetrics(self._metrics, request, variant_name)
        measured.count("ExpiredRequests")
        failure = InvocationFailed(
            f"ClientError: The request expired: it waited {request.ttl_seconds} seconds "
            "(RequestTTLSeconds) without being processed."
        )
        log.info("request %s expired", request.inference_id)
        await self._fail(
            request,
            failure,
            role_arn,
            output,
            measured,
            write=self._config.expiry_failure_object,
            notify=self._config.expiry_notification,
        )

    def count_dropped(self, number: int) -> None:
        """Requests whose endpoint was deleted before their turn."""
        self._counters.dropped += number

    async def _input(self, request: Request, role_arn: str, measured: RequestMetrics) -> bytes:
        if request.body is not None:
            return request.body
        location = S3Location.parse(str(request.input_location))
        try:
            return await self._data_plane.get_object(role_arn, location, MAX_PAYLOAD_BYTES)
        except TooLarge as exc:
            raise InvocationFailed(f"ClientError: The input is larger than 1 GB: {exc}") from exc
        except AWS_ERRORS as exc:
            self._counters.request_download_failures += 1
            measured.count("RequestDownloadFailures")
            raise InvocationFailed(
                f"ClientError: Unable to download the input from {request.input_location}: {exc}"
            ) from exc

    async def _invoke(self, request: Request, payload: bytes, instance: Instance) -> Answer:
        faults = self._faults.faults
        if self._faults.strikes(faults.server_error):
            raise model_error(500, Answer(500, b"injected server error", "text/plain"))
        if self._faults.strikes(faults.crash_model_server):
            instance.crash()
        try:
            async with self._http.post(
                f"{instance.url}/invocations",
                data=payload,
                headers=self._headers(request),
                skip_auto_headers=("Content-Type", "Accept", "User-Agent"),
                timeout=aiohttp.ClientTimeout(total=request.timeout_seconds),
                allow_redirects=False,
            ) as response:
                return await self._read(response)
        except TimeoutError as exc:
            log.info("request %s: the model took too long", request.inference_id)
            raise model_error(0) from exc
        except aiohttp.ClientConnectorError as exc:
            raise InvocationFailed(
                "Amazon SageMaker could not get a response from the "
                f"{request.endpoint_name} endpoint. "
                "This can occur when CPU or memory utilization is high."
            ) from exc
        except aiohttp.ClientError as exc:
            log.info("request %s: %s", request.inference_id, exc)
            raise model_error(0) from exc

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        body = await response.read()
        answer = Answer(response.status, body, response.headers.get("Content-Type"))
        if not 200 <= response.status < 300:
            raise model_error(response.status, answer)
        if response.headers.get("Content-Length") is None:
            log.error("the container did not specify the required Content-Length header")
            raise model_error(0)
        size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
        if size > MAX_HEADER_BYTES:
            log.error("the container's headers have %d bytes (at most 4096)", size)
            raise model_error(0)
        return answer

    def _headers(self, request: Request) -> dict[str, str]:
        inference_id = request.inference_id if self._config.pass_inference_id else None
        members = {
            "Content-Type": request.content_type,
            "Accept": request.accept,
            "X-Amzn-SageMaker-Custom-Attributes": request.custom_attributes,
            "X-Amzn-SageMaker-Inference-Id": inference_id,
        }
        return {name: value for name, value in members.items() if value is not None}

    async def _put(
        self,
        role_arn: str,
        location: S3Location,
        answer: Answer,
        output: OutputConfig,
        measured: RequestMetrics,
    ) -> None:
        try:
            await self._data_plane.put_object(
                role_arn,
                location,
                answer.body,
                answer.content_type or "application/octet-stream",
                output.kms_key_id,
            )
        except AWS_ERRORS as exc:
            self._counters.response_upload_failures += 1
            measured.count("ResponseUploadFailures")
            raise InvocationFailed(
                f"ClientError: Unable to upload the response to {location}: {exc}"
            ) from exc

    async def _fail(
        self,
        request: Request,
        failure: InvocationFailed,
        role_arn: str,
        output: OutputConfig,
        measured: RequestMetrics,
        *,
        write: bool = True,
        notify: bool = True,
    ) -> None:
        self._counters.failed += 1
        log.info("request %s failed: %s", request.inference_id, failure.reason)
        answer = failure.answer
        if write and request.failure:
            content = answer or Answer(0, failure.reason.encode(), "text/plain")
            try:
                await self._put(role_arn, request.failure, content, output, measured)
            except InvocationFailed as exc:
                log.error("request %s: %s", request.inference_id, exc.reason)
        if notify and output.error_topic:
            included = ERROR in output.include_response_in
            message = self._notifications.failed(request, failure.reason, answer, included)
            if not await self.publisher.publish(role_arn, output.error_topic, message):
                measured.count("NotificationFailures")

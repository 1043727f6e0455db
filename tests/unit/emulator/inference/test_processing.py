"""How requests end when S3, the queue or the emulator itself stands in the way."""

import asyncio
import json
from typing import Any, cast

import pytest
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector, Faults
from async_endpoint_emulator.inference.data_plane import DataPlane, TooLarge
from async_endpoint_emulator.inference.hosts import Host
from async_endpoint_emulator.inference.meters import Meters, Metric
from async_endpoint_emulator.inference.processing import Assignment, Processor
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.resources import OutputConfig
from botocore.exceptions import ClientError

OUTPUT = OutputConfig(
    output_path="s3://outbox/outputs",
    failure_path="s3://outbox/failures",
    kms_key_id=None,
    success_topic="success",
    error_topic="error",
    include_response_in=frozenset({"ERROR_NOTIFICATION_TOPIC"}),
)
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


class FakeDataPlane:
    """Keeps what is written and published; refuses what a test says."""

    def __init__(self, get: Exception | None = None, put: Exception | None = None) -> None:
        self.get = get
        self.put = put
        self.put_failure: Exception | None = None
        self.refused: list[Exception] = []
        self.objects: dict[str, bytes] = {}
        self.published: list[tuple[str, Any]] = []

    async def get_object(self, role_arn: str, location: S3Location, most: int) -> bytes:
        if self.get:
            raise self.get
        return b"input"

    async def put_object(
        self, role_arn: str, location: S3Location, body: bytes, content_type: str, key: str | None
    ) -> None:
        if self.put and location.key.startswith("outputs"):
            raise self.put
        if self.put_failure and location.key.startswith("failures"):
            raise self.put_failure
        self.objects[str(location)] = body

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        if self.refused:
            raise self.refused.pop()
        self.published.append((topic, json.loads(message)))


class FakeHost:
    """A model that must not be asked."""


ASSIGNMENT = Assignment("AllTraffic", "arn:aws:iam::000000000000:role/execution", OUTPUT)


def request(**changes: Any) -> Request:
    members: dict[str, Any] = {
        "key": "k",
        "inference_id": "id-1",
        "endpoint_name": "demo",
        "output": S3Location("outbox", "outputs/k.out"),
        "failure": S3Location("outbox", "failures/k-error.out"),
        "ttl_seconds": 60,
        "timeout_seconds": 5,
        "input_location": "s3://inbox/a.csv",
    }
    return Request(**{**members, **changes})


def processor(
    plane: FakeDataPlane,
    counters: Counters,
    faults: Faults | None = None,
    meters: Meters | None = None,
    **config: Any,
) -> Processor:
    return Processor(
        cast(DataPlane, plane),
        "us-east-1",
        Config(**config),
        FaultInjector(faults),
        counters,
        meters or Meters(),
    )


def process(
    plane: FakeDataPlane, faults: Faults | None = None, meters: Meters | None = None
) -> Counters:
    counters = Counters()
    work = processor(plane, counters, faults, meters)
    asyncio.run(work.process(request(), cast(Host, FakeHost()), ASSIGNMENT))
    assert counters.in_flight == 0
    return counters


@pytest.mark.parametrize(
    ("error", "words"),
    [(DENIED, "AccessDenied"), (TooLarge("2000000000 bytes"), "larger than 1 GB")],
)
def test_an_input_that_cannot_be_read_fails_the_request(error: Exception, words: str) -> None:
    plane = FakeDataPlane(get=error)

    counters = process(plane)

    [(topic, notification)] = plane.published
    assert topic == "error"
    assert words in notification["failureReason"]
    assert words.encode() in plane.objects["s3://outbox/failures/k-error.out"]
    assert counters.failed == 1


def test_only_downloads_that_fail_are_counted_as_such() -> None:
    assert process(FakeDataPlane(get=DENIED)).request_download_failures == 1
    assert process(FakeDataPlane(), Faults(server_error=1)).request_download_failures == 0


def test_an_injected_server_error_looks_like_the_containers_own() -> None:
    plane = FakeDataPlane()

    process(plane, Faults(server_error=1))

    [(_, notification)] = plane.published
    assert notification["failureReason"].startswith(
        "ClientError: Received server error (500) from model."
    )
    assert notification["responseBody"]["encoding"] == "BASE64"


def test_a_fault_of_the_emulator_itself_still_ends_the_request() -> None:
    plane = FakeDataPlane()

    counters = process(plane)  # the host cannot be asked: an AttributeError

    [(_, notification)] = plane.published
    assert notification["failureReason"].startswith("InternalFailure")
    assert counters.failed == 1


def test_what_a_request_met_is_measured_under_the_names_of_cloudwatch() -> None:
    meters = Meters()

    process(FakeDataPlane(), Faults(server_error=1), meters)

    taken = {meter.metric: statistic for meter, statistic in meters.take().items()}
    assert taken[Metric.INVOCATIONS_PROCESSED].count == 1
    assert taken[Metric.INVOCATION_FAILURES].total == 1
    assert taken[Metric.INVOCATION_5XX_ERRORS].total == 1
    assert taken[Metric.TIME_IN_BACKLOG].most <= taken[Metric.TOTAL_PROCESSING_TIME].least
    assert Metric.INVOCATION_4XX_ERRORS not in taken
    assert meters.take() == {}


def expire(**config: Any) -> tuple[FakeDataPlane, Counters]:
    plane, counters = FakeDataPlane(), Counters()
    work = processor(plane, counters, **config)
    asyncio.run(work.expire(request(), ASSIGNMENT))
    return plane, counters


def test_an_expired_request_is_announced_as_failed() -> None:
    plane, counters = expire()

    [(topic, notification)] = plane.published
    assert topic == "error"
    assert "RequestTTLSeconds" in notification["failureReason"]
    assert plane.objects == {}
    assert (counters.expired, counters.failed) == (1, 1)


def test_an_expired_request_may_pass_in_silence() -> None:
    plane, counters = expire(expiry_notification=False)

    assert plane.published == []
    assert counters.expired == 1


def test_an_expired_request_may_leave_a_failure_object() -> None:
    plane, _ = expire(expiry_failure_object=True)

    assert list(plane.objects) == ["s3://outbox/failures/k-error.out"]


@pytest.mark.parametrize("stage", ["get", "put", "publish"])
def test_whatever_goes_wrong_the_request_ends_as_failed(stage: str) -> None:
    plane, unexpected = FakeDataPlane(), AttributeError("of the emulator")
    if stage == "publish":
        plane.refused = [unexpected]
    else:
        setattr(plane, stage, unexpected)

    counters = process(plane)

    assert counters.failed == 1
    assert [topic for topic, _ in plane.published] == ["error"] * (stage != "publish")
    assert counters.notification_failures == (stage == "publish")


def test_a_failure_object_that_cannot_be_written_keeps_no_notification_back() -> None:
    plane = FakeDataPlane(get=DENIED)
    plane.put_failure = UnicodeError("of the emulator")

    process(plane)

    assert [topic for topic, _ in plane.published] == ["error"]


def test_a_request_with_a_lone_surrogate_is_announced_as_failed() -> None:
    plane, counters = FakeDataPlane(get=DENIED), Counters()
    given = request(input_location="s3://inbox/\udcfc.csv")

    asyncio.run(processor(plane, counters).process(given, cast(Host, FakeHost()), ASSIGNMENT))

    [(topic, notification)] = plane.published
    assert topic == "error"
    assert notification["requestParameters"]["inputLocation"] == "s3://inbox/?.csv"

"""Lines on their way to CloudWatch Logs: in batches, bounded, and without harm when they fail."""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.model_servers import container_logs
from async_endpoint_emulator.model_servers.container_logs import ContainerLogs, LogStream
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/execution"
STREAM = LogStream.of(ROLE, "demo/AllTraffic/i-00001")


class FakeLogs:
    """CloudWatch Logs with one account's groups, as far as lines need it."""

    def __init__(self) -> None:
        self.streams: dict[tuple[str, str], list[list[str]]] = {}
        self.groups: set[str] = set()
        self.refusal: Exception | None = None
        self.calls = 0

    def create_log_group(self, logGroupName: str) -> None:
        self._called()
        if logGroupName in self.groups:
            raise refused("ResourceAlreadyExistsException")
        self.groups.add(logGroupName)

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:
        self._called()
        if (logGroupName, logStreamName) in self.streams:
            raise refused("ResourceAlreadyExistsException")
        self.streams[logGroupName, logStreamName] = []

    def put_log_events(self, logGroupName: str, logStreamName: str, logEvents: Any) -> None:
        self._called()
        if (logGroupName, logStreamName) not in self.streams:
            raise refused("ResourceNotFoundException")
        messages = [each["message"] for each in logEvents]
        self.streams[logGroupName, logStreamName].append(messages)

    def _called(self) -> None:
        self.calls += 1
        if self.refusal:
            raise self.refusal


class FakeAws:
    def __init__(self, logs: FakeLogs) -> None:
        self.logs = logs
        self.roles: list[str] = []

    async def role(self, role_arn: str) -> Any:
        self.roles.append(role_arn)
        return SimpleNamespace(logs=self.logs)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutLogEvents")


@pytest.fixture
def cloudwatch() -> FakeLogs:
    return FakeLogs()


@pytest.fixture
def aws(cloudwatch: FakeLogs) -> FakeAws:
    return FakeAws(cloudwatch)


@pytest.fixture
def logs(aws: FakeAws) -> ContainerLogs:
    return ContainerLogs(cast(Aws, aws), 1.0)


def test_lines_reach_the_streams_that_sagemaker_names(
    logs: ContainerLogs, cloudwatch: FakeLogs, aws: FakeAws
) -> None:
    further = [LogStream.of(ROLE, "demo/AllTraffic/i-00001", name) for name in ("data-log", "a")]
    for text, stream in (("one", STREAM), ("why", further[0]), ("two", STREAM), ("", further[1])):
        logs.write(stream, text)

    asyncio.run(logs.flush())
    logs.write(STREAM, "three")
    asyncio.run(logs.flush())

    group = "/aws/sagemaker/Endpoints/demo"
    assert cloudwatch.streams == {
        (group, "AllTraffic/i-00001"): [["one", "two"], ["three"]],
        (group, "AllTraffic/i-00001/data-log"): [["why"]],
    }
    assert set(aws.roles) == {ROLE}


def test_a_batch_is_no_larger_than_cloudwatch_takes(
    logs: ContainerLogs, cloudwatch: FakeLogs
) -> None:
    text = "ü" * 100_000
    for _ in range(12):
        logs.write(STREAM, text)
    for number in range(10_001):
        logs.write(STREAM, str(number))

    asyncio.run(logs.flush())

    [batches] = cloudwatch.streams.values()
    assert sum(len(each) for each in batches) == 10_013
    for batch in batches:
        assert len(batch) <= 10_000
        assert sum(len(line.encode()) + 26 for line in batch) <= 1_048_576


def test_of_too_many_lines_the_oldest_are_dropped(
    logs: ContainerLogs, cloudwatch: FakeLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "_MOST_WAITING_BYTES", 3 * (26 + 1))
    for text in "abcde":
        logs.write(STREAM, text)

    asyncio.run(logs.flush())

    assert list(cloudwatch.streams.values()) == [[["c", "d", "e"]]]


def test_without_cloudwatch_logs_one_line_says_so(
    logs: ContainerLogs, cloudwatch: FakeLogs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cloudwatch.refusal = refused("UnknownOperationException")
    for instance in range(3):
        logs.write(LogStream.of(ROLE, f"demo/AllTraffic/i-0000{instance}"), "text")
        asyncio.run(logs.flush())

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "UnknownOperationException" in caplog.text
    assert cloudwatch.calls == 3


def test_a_group_that_was_deleted_is_made_again(logs: ContainerLogs, cloudwatch: FakeLogs) -> None:
    logs.write(STREAM, "before")
    asyncio.run(logs.flush())
    cloudwatch.groups.clear()
    cloudwatch.streams.clear()

    for text in ("lost", "after"):
        logs.write(STREAM, text)
        asyncio.run(logs.flush())

    assert list(cloudwatch.streams.values()) == [[["after"]]]


def test_a_stand_in_that_hangs_does_not_delay_the_end(
    logs: ContainerLogs, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "_LAST_SECONDS", 0.05)

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(aws, "call", never)
    logs.write(STREAM, "text")

    asyncio.run(asyncio.wait_for(logs.close(), 5))

"""The logs of endpoints in CloudWatch Logs of the AWS stand-in, written as the execution role.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self

from botocore.exceptions import ClientError

from async_endpoint_emulator.aws import Aws, error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

log = logging.getLogger("sagemaker")

_MOST_WAITING_BYTES = 8 * 1024 * 1024
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_BATCH_BYTES: Final = 1_048_576
_BATCH_EVENTS: Final = 10_000
_EVENT_BYTES: Final = 26
_LAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, order=True)
class LogStream:
    """A log stream of an endpoint's log group, and the role that writes it."""

    role_arn: str
    group: str
    name: str

    @classmethod
    def of(cls, role_arn: str, label: str, *further: str) -> Self:
        """`label` is that of an instance: endpoint, variant and instance."""
        endpoint, _, instance = label.partition("/")
        name = "/".join((instance, *further))
        return cls(role_arn, f"/aws/sagemaker/Endpoints/{endpoint}", name)


@dataclass(frozen=True, slots=True)
class _Line:
    stream: LogStream
    timestamp: int
    text: str
    size: int


@dataclass
class ContainerLogs:
    """Best effort: what cannot be written is dropped, and so are the oldest of too many lines."""

    aws: Aws
    every_seconds: float
    _waiting: deque[_Line] = field(default_factory=deque)
    _waiting_bytes: int = 0
    _created: set[LogStream] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def write(self, stream: LogStream, text: str) -> None:
        """Puts a line into the next batch. CloudWatch Logs takes no empty one."""
        if not text:
            return
        line = _Line(stream, int(time.time() * 1000), text, len(text.encode()) + _EVENT_BYTES)
        self._waiting.append(line)
        self._waiting_bytes += line.size
        while self._waiting_bytes > _MOST_WAITING_BYTES:
            self._waiting_bytes -= self._waiting.popleft().size

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self.every_seconds)
            await self.flush()

    async def close(self) -> None:
        """Writes what waits, if that takes no longer than a moment."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), _LAST_SECONDS)

    async def flush(self) -> None:
        """Writes what waits. A problem is in the emulator's log once."""
        lines = sorted(self._waiting, key=lambda line: line.stream)
        self._waiting.clear()
        self._waiting_bytes = 0
        for stream, group in groupby(lines, key=lambda line: line.stream):
            try:
                client = (await self.aws.role(stream.role_arn)).logs
                await self.aws.call(self._put, client, stream, list(group))
            except Exception as exc:
                self._created.discard(stream)
                if str(exc) not in self._told:
                    self._told.add(str(exc))
                    log.warning(
                        "not in CloudWatch Logs: %s of %s: %s", stream.name, stream.group, exc
                    )

    def _put(
        self, client: "CloudWatchLogsClient", stream: LogStream, lines: Sequence[_Line]
    ) -> None:
        group, name = stream.group, stream.name
        if stream not in self._created:
            _create(partial(client.create_log_group, logGroupName=group))
            _create(partial(client.create_log_stream, logGroupName=group, logStreamName=name))
            self._created.add(stream)
        for batch in _batches(lines):
            client.put_log_events(logGroupName=group, logStreamName=name, logEvents=batch)


def _create(call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as exc:
        if error_code(exc) != "ResourceAlreadyExistsException":
            raise


def _batches(lines: Sequence[_Line]) -> "Iterator[list[InputLogEventTypeDef]]":
    batch: list[InputLogEventTypeDef] = []
    size = 0
    for line in lines:
        if batch and (size + line.size > _BATCH_BYTES or len(batch) == _BATCH_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": line.timestamp, "message": line.text})
        size += line.size
    yield batch

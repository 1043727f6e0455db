"""Uploads of several files side by side, with progress, that can be interrupted."""

import os
import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from relayctl.output import Output
from relayctl.requests.files import InputFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SIDE_BY_SIDE = 10
# `Date` has whole seconds, and other servers of S3 have other clocks.
_CLOCKS = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in S3. `etag` and `version_id` are what S3 announces. `begun_at` is S3's time."""

    file: InputFile
    etag: str
    version_id: str | None
    begun_at: datetime

    def to_json(self) -> dict[str, object]:
        members = {
            "path": str(self.file.path),
            "input_location": str(self.file.location),
            "size": self.file.size,
            "etag": self.etag,
            "version_id": self.version_id,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NotUploaded:
    """A file that S3 did not take."""

    file: InputFile
    error: Exception


def upload(
    files: Sequence[InputFile], s3: "S3Client", output: Output
) -> tuple[list[Uploaded], list[NotUploaded]]:
    """Upload files; one that fails stops no other. Return them in the order in which they ended.

    Raises:
        KeyboardInterrupt: it was interrupted. What was begun is broken off: S3 keeps no part.
    """
    done: list[Uploaded] = []
    failed: list[NotUploaded] = []
    stop = Event()
    with _progress(output) as progress, ThreadPoolExecutor(_SIDE_BY_SIDE) as workers:
        bar = progress.add_task(_counted(0, files), total=sum(each.size for each in files))
        watched = _Positions(lambda total: progress.update(bar, completed=total))
        running: dict[Future[Uploaded], InputFile] = {}
        try:
            for each in files:
                running[workers.submit(_upload, each, s3, watched, stop)] = each
            for number, ended in enumerate(as_completed(running), start=1):
                try:
                    done.append(ended.result())
                except (ClientError, BotoCoreError, OSError) as error:
                    failed.append(NotUploaded(running[ended], error))
                progress.update(bar, description=_counted(number, files))
        except KeyboardInterrupt:
            stop.set()
            workers.shutdown(wait=True, cancel_futures=True)
            there = [
                running[each]
                for each in running
                if each.done() and not each.cancelled() and not each.exception()
            ]
            say_uploaded(there, len(files), output)
            raise
    return done, failed


def say_uploaded(uploaded: Sequence[InputFile], number: int, output: Output) -> None:
    """Say how many of a number of files were uploaded, and which command shows their requests."""
    text = f"{len(uploaded):,} of {number:,} files were uploaded, and each is a request"
    if uploaded:
        prefix = os.path.commonprefix([str(each.location) for each in uploaded])
        text += f": relayctl list --prefix {shlex.quote(prefix)} shows them"
    output.note(text)


def _upload(file: InputFile, s3: "S3Client", positions: "_Positions", stop: Event) -> Uploaded:
    begun = monotonic()
    with file.path.open("rb") as content:
        body: Any = _Watched(content, lambda at: positions.move(file, at), stop)
        answer = s3.put_object(
            Bucket=file.location.bucket,
            Key=file.location.key,
            Body=body,
            ContentLength=file.size,
            ContentType=file.content_type,
        )
    positions.move(file, file.size)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    ended_at = parsedate_to_datetime(date) if date else datetime.now(UTC)
    begun_at = ended_at - timedelta(seconds=monotonic() - begun) - _CLOCKS
    return Uploaded(file, answer["ETag"].strip('"'), answer.get("VersionId"), begun_at)


class _Positions:
    """How many bytes of all files were read."""

    def __init__(self, show: Callable[[int], None]) -> None:
        self._at: dict[InputFile, int] = {}
        self._show = show

    def move(self, file: InputFile, position: int) -> None:
        self._at[file] = position
        self._show(sum(list(self._at.values())))


class _Watched:
    """A file whose reader is watched, and stopped."""

    def __init__(self, file: BinaryIO, moved: Callable[[int], None], stop: Event) -> None:
        self._file = file
        self._moved = moved
        self._stop = stop

    def read(self, size: int = -1) -> bytes:
        if self._stop.is_set():
            raise InterruptedError("the upload was broken off")
        data = self._file.read(size)
        self._moved(self._file.tell())
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _counted(number: int, files: Sequence[InputFile]) -> str:
    return f"uploaded {number:,} of {len(files):,}"


def _progress(output: Output) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=output.console,
        disable=output.as_json or not output.console.is_terminal,
        transient=True,
    )

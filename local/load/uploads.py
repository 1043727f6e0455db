"""Uploads from several threads, never far ahead of the results."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from local.load.inputs import Input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 8
_AHEAD = 200
_PATIENCE_SECONDS = 20.0


class Window:
    """How many uploads may still start: at most `limit` wait for their results at a time.

    One that waits longer than `patience_seconds` is not counted any more: something was lost on its
    way, and what brings it back may take minutes.
    """

    def __init__(
        self,
        limit: int = _AHEAD,
        patience_seconds: float = _PATIENCE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._patience_seconds = patience_seconds
        self._now = now
        self._started_at: dict[str, float] = {}

    @property
    def room(self) -> int:
        impatient = self._now() - self._patience_seconds
        while self._started_at:
            oldest = next(iter(self._started_at))
            if self._started_at[oldest] > impatient:
                break
            del self._started_at[oldest]
        return self._limit - len(self._started_at)

    def start(self, uri: str) -> None:
        self._started_at[uri] = self._now()

    def end(self, uri: str) -> None:
        """Its result is there. One that is not counted any more does not matter."""
        self._started_at.pop(uri, None)


class Uploader:
    """Uploads inputs, by their S3 URI, in the given order. A context manager: it owns threads."""

    def __init__(
        self, s3: "S3Client", bucket: str, inputs: Mapping[str, Input], window: Window
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._remaining = iter(inputs.items())
        self._window = window
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="upload")
        self._running: list[Future[object]] = []
        self.started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def fill(self) -> None:
        """Starts as many uploads as the window has room for. Raises what an earlier one raised."""
        ended = [upload for upload in self._running if upload.done()]
        for upload in ended:
            self._running.remove(upload)
            upload.result()
        for _ in range(self._window.room):
            uri, item = next(self._remaining, (None, None))
            if uri is None or item is None:
                return
            self._window.start(uri)
            self._running.append(self._threads.submit(self._upload, item))
            self.started += 1

    def arrived(self, uri: str) -> None:
        """A result of this upload is there."""
        self._window.end(uri)

    def _upload(self, item: Input) -> object:
        return self._s3.put_object(Bucket=self._bucket, Key=item.key, Body=item.body)

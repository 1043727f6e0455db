"""Uploads from several threads, never far ahead of the results."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from local.load.inputs import Input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 8


@dataclass
class Window:
    """How many uploads may still start: at most `limit` wait for their results at a time.

    One that waits longer than `patience_seconds` is not counted any more: something was lost on its
    way, and what brings it back may take minutes.
    """

    limit: int = 200
    patience_seconds: float = 20.0
    now: Callable[[], float] = time.monotonic
    _started_at: dict[str, float] = field(default_factory=dict)

    @property
    def room(self) -> int:
        impatient = self.now() - self.patience_seconds
        while self._started_at:
            oldest = next(iter(self._started_at))
            if self._started_at[oldest] > impatient:
                break
            del self._started_at[oldest]
        return self.limit - len(self._started_at)

    def start(self, uri: str) -> None:
        self._started_at[uri] = self.now()

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

    def __exit__(self, *error: object) -> None:
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

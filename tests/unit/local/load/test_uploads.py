import threading
from typing import TYPE_CHECKING, cast

import pytest

from local.load.inputs import Input, Kind
from local.load.uploads import Uploader, Window
from tests.support.stopped_clock import StoppedClock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _S3:
    """Keeps keys; fails for those that begin with "bad"."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self._lock = threading.Lock()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        if Key.startswith("bad"):
            raise OSError(f"no room for {Key}")
        with self._lock:
            self.keys.append(Key)


def _uploader(s3: _S3, window: Window, *keys: str) -> Uploader:
    inputs = {f"s3://bucket/{key}": Input(Kind.ROW, key, b"1", "completed") for key in keys}
    return Uploader(cast("S3Client", s3), "bucket", inputs, window)


def _run(uploader: Uploader, s3: _S3, count: int) -> None:
    """Until so many uploads have ended; pytest's time limit is the deadline."""
    while len(s3.keys) < count:
        uploader.fill()
    uploader.fill()


def test_no_more_start_than_the_window_has_room_for() -> None:
    s3 = _S3()

    with _uploader(s3, Window(limit=2), "a", "b", "c") as uploader:
        _run(uploader, s3, 2)

    assert sorted(s3.keys) == ["a", "b"]


def test_a_result_makes_room_for_another_upload() -> None:
    s3 = _S3()

    with _uploader(s3, Window(limit=2), "a", "b", "c") as uploader:
        _run(uploader, s3, 2)
        uploader.arrived("s3://bucket/a")
        _run(uploader, s3, 3)

    assert sorted(s3.keys) == ["a", "b", "c"]
    assert uploader.started == 3


def test_an_upload_that_fails_ends_the_run() -> None:
    s3 = _S3()

    with _uploader(s3, Window(), "a", "bad") as uploader, pytest.raises(OSError, match="bad"):
        _run(uploader, s3, 2)


def test_what_waits_too_long_for_its_result_takes_no_room_any_more() -> None:
    clock = StoppedClock()
    window = Window(limit=2, patience_seconds=20, now=clock)
    window.start("a")
    clock.seconds = 15
    window.start("b")

    assert window.room == 0

    clock.seconds = 21

    assert window.room == 1


def test_a_result_that_comes_after_all_makes_no_second_room() -> None:
    clock = StoppedClock()
    window = Window(limit=2, patience_seconds=20, now=clock)
    window.start("a")
    clock.seconds = 21
    assert window.room == 2

    window.end("a")

    assert window.room == 2

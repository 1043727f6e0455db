"""Turns SIGINT, SIGTERM and SIGHUP into one exception, so that each of them cleans up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end. Not an `Exception`, so nothing handles it by accident."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


_depth = 0
_pending: int | None = None


def _receive(number: int, _frame: FrameType | None) -> None:
    global _pending
    if _depth:
        _pending = number
    else:
        raise Interrupted(number)


def install() -> None:
    """Raises `Interrupted` in the main thread from now on, for each of the three signals."""
    for number in _SIGNALS:
        signal.signal(number, _receive)


@contextmanager
def postponed() -> Iterator[None]:
    """Lets a step finish that must not be cut in two; an interruption meanwhile follows afterwards.

    Starting a process and recording it is such a step, and so is stopping everything.
    """
    global _depth, _pending
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if _pending is not None and not _depth:
            number, _pending = _pending, None
            raise Interrupted(number)

"""A crash at any call of provisioning's ports."""

from collections.abc import Iterator
from contextlib import contextmanager


class Crash(Exception):
    """The function was killed here."""


class Fuse:
    """Counts every call of every port, before and after its effect, and blows at one of them."""

    def __init__(self) -> None:
        self.passed = 0
        self.blows_at: int | None = None

    @contextmanager
    def around(self) -> Iterator[None]:
        self._pass()
        yield
        self._pass()

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self.blows_at:
            raise Crash

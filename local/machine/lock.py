"""Lets one command at a time change a local stack."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalStackError
from local.machine import private


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Holds the lock of the stack in a directory; it is released even when the command is killed.

    Raises:
        LocalStackError: another command holds it.
    """
    with held(
        directory / "lock",
        f"another command is starting or stopping the stack in {directory}: "
        "wait for it, or end it with Ctrl-C",
    ):
        yield


@contextmanager
def held(path: Path, otherwise: str) -> Iterator[None]:
    """Holds the lock that a file stands for.

    Raises:
        LocalStackError: another process holds it; with the given message.
    """
    private.make_directory(path.parent)
    path.touch(mode=0o600)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise LocalStackError(otherwise) from exc
        yield

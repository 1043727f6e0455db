"""Lets one command at a time change a local stack."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.stack.errors import LocalStackError
from local.stack.settings import StackSettings


@contextmanager
def exclusive(settings: StackSettings) -> Iterator[None]:
    """Holds the stack's lock; the system releases it even when the command is killed.

    Raises:
        LocalStackError: another command holds it.
    """
    with held(
        settings.directory / "lock",
        f"another command is starting or stopping the stack in {settings.directory}: "
        "wait for it, or end it with Ctrl-C",
    ):
        yield


@contextmanager
def held(path: Path, otherwise: str) -> Iterator[None]:
    """Holds the lock that a file stands for.

    Raises:
        LocalStackError: another process holds it; with the given message.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise LocalStackError(otherwise) from exc
        yield

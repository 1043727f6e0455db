"""Lets one command at a time change a local stack."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from local.errors import LocalStackError
from local.settings import StackSettings


@contextmanager
def exclusive(settings: StackSettings) -> Iterator[None]:
    """Holds the stack's lock; the system releases it even when the command is killed.

    Raises:
        LocalStackError: another command holds it.
    """
    settings.directory.mkdir(parents=True, exist_ok=True)
    with (settings.directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise LocalStackError(
                f"another command is starting or stopping the stack in {settings.directory}: "
                "wait for it, or end it with Ctrl-C"
            ) from exc
        yield

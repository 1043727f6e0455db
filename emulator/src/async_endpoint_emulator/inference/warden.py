"""Ends the model servers when the emulator is gone, however it ended: no handler sees SIGKILL.

This module runs as a process too, in a session of its own, and imports only what starts fast. It
reads from a pipe whose other end the emulator alone holds: `+` and `-` with the number of a process
group. At the pipe's end it kills the groups that are left, and deletes the directory.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger("sagemaker")


def signal_group(group: int, number: int) -> None:
    """Nothing happens when the group is gone; macOS calls one of zombies not permitted."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class Warden:
    """The emulator's end of the pipe."""

    def __init__(self, directory: Path) -> None:
        """`directory` has the files of the model servers, and is deleted with them."""
        command = [sys.executable, "-I", "-S", __file__, str(directory)]
        self._process = subprocess.Popen(  # noqa: S603 - this file
            command, stdin=subprocess.PIPE, start_new_session=True
        )

    def watch(self, group: int) -> None:
        """From now on the group ends with the emulator."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The group is gone, and its number may become that of another one."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Ends what is left, and the warden's process."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - opened with a pipe
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            log.error("the warden is gone: model servers would survive a SIGKILL of the emulator")


def guard(lines: Iterable[str]) -> None:
    """Kills the groups that the lines leave."""
    groups: set[int] = set()
    for line in lines:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    for group in groups:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.stdin)
    shutil.rmtree(sys.argv[1], ignore_errors=True)

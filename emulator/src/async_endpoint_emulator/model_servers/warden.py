"""Ends the model servers when the emulator is gone, however it ended: no handler sees SIGKILL.

This module runs as a process too, in a session of its own, and imports only what starts fast. It
reads from a pipe whose other end the emulator alone holds: `+` and `-` with the number of a process
group. At the pipe's end it kills the groups that are left, and deletes the directory. On Linux it
also finds model servers of which it was not informed, and their workers that have left the group:
their environment has the directory.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger("sagemaker")
_LOOKS = 50
_SECONDS_BETWEEN_LOOKS = 0.02


def signal_group(group: int, number: int) -> None:
    """Nothing happens when the group is gone; macOS calls one of zombies not permitted."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class Warden:
    """The emulator's end of the pipe."""

    def __init__(self, directory: Path) -> None:
        """`directory` has the files of the model servers, and is deleted with them. It is made
        when the warden is there to delete it."""
        command = [sys.executable, "-I", "-S", __file__, str(directory)]
        self._process = subprocess.Popen(  # noqa: S603 - this file
            command, stdin=subprocess.PIPE, start_new_session=True
        )
        directory.mkdir(mode=0o700, exist_ok=True)

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


def end_those_of(directory: str) -> None:
    """Kill the processes whose SM_MODEL_DIR is in the directory, and those they start meanwhile."""
    mark = b"\0SM_MODEL_DIR=" + os.fsencode(directory) + b"/"
    for _ in range(_LOOKS):
        found = [each for each in Path("/proc").glob("[0-9]*") if mark in _environment_of(each)]
        if not found:
            return
        for each in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(each.name), signal.SIGKILL)
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _environment_of(process: Path) -> bytes:
    try:
        return b"\0" + (process / "environ").read_bytes()
    except OSError:  # it has ended, or is another account's
        return b""


if __name__ == "__main__":
    guard(sys.stdin)
    end_those_of(sys.argv[1])
    shutil.rmtree(sys.argv[1], ignore_errors=True)

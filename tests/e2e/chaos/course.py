"""A short run of chaos: for most of its minutes it waits."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.stack.settings import REPOSITORY

UPLOADS = 120
# Of the command, which keeps the stack in a folder of it.
DIRECTORY = REPOSITORY / ".local/tests-chaos"
# With this seed the emulator loses and fails a few of the first hundred.
_SEED = 7
# What the command itself may take to stop its stack.
_STOP_SECONDS = 60


@contextmanager
def running_chaos(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`local.chaos` on a stack of its own, stopped at the end if it is still there."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "local.chaos", "--uploads", str(UPLOADS)),
                *("--seed", str(_SEED), "--kill"),
            ],
            cwd=REPOSITORY,
            env=os.environ | {"RELAY_LOCAL_DIR": str(DIRECTORY)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as chaos,
    ):
        try:
            yield chaos
        finally:
            if chaos.poll() is None:
                chaos.terminate()
                chaos.wait(_STOP_SECONDS)

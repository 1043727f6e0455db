"""A process that outlives a run on an account, however the run ends, and removes what it made."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import boto3

from tests.acceptance.targets.aws_target import Account
from tests.acceptance.targets.removal import Removal
from tests.acceptance.targets.sam import REPOSITORY


@dataclass(slots=True)
class Guard:
    """The process, and how its removal ended: 0 if nothing is left."""

    process: subprocess.Popen[bytes]
    code: int | None = None


@contextmanager
def guarded(name: str, account: Account, directory: Path) -> Iterator[Guard]:
    """Whatever begins with `name` is removed after the block, and when this process is killed.

    The guard has a session of its own: what interrupts the run does not reach it.
    """
    given = (*account.options, "--directory", str(directory))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.targets.guard", name, *given],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    guard = Guard(process)
    try:
        yield guard
    finally:
        assert process.stdin
        process.stdin.close()
        print(f"removing {name}; this goes on when it is interrupted", flush=True)
        guard.code = process.wait()


def end_process(file: Path, marker: str) -> None:
    """Ends the process whose id is in the file, if its command line has the marker."""
    with suppress(FileNotFoundError, ValueError):
        pid = int(file.read_text())
        shown = subprocess.run(
            ["/bin/ps", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        if marker in shown.stdout:
            os.kill(pid, signal.SIGTERM)


def main(arguments: list[str]) -> int:
    """Waits until standard input is closed, which happens however the run ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.targets.guard")
    parser.add_argument("name")
    parser.add_argument("--profile")
    parser.add_argument("--region")
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args(arguments)
    sys.stdin.read()
    if given.directory:
        end_process(given.directory / "sam.pid", "samcli")
    session = boto3.Session(profile_name=given.profile, region_name=given.region)
    left = Removal(session, given.name, lambda text: print(text, flush=True)).remove()
    for each in left:
        print(f"LEFT BEHIND: {each}", flush=True)
    if not left:
        if given.directory:
            shutil.rmtree(given.directory, ignore_errors=True)  # built functions, and SAM's logs
        print(f"nothing is left of {given.name}", flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

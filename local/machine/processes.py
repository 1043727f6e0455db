"""Child processes that outlive the command: in their own session, recorded, stopped by group."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from local.errors import LocalStackError
from local.machine import private
from local.machine.interruption import postponed

_POLL_SECONDS = 0.1
_TERMINATE_SECONDS = 8.0
_KILL_SECONDS = 2.0
_LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A process by its id and by when it started, because ids are used again."""

    name: str
    pid: int
    started: str

    @classmethod
    def of(cls, name: str, pid: int) -> Self:
        return cls(name, pid, _started(pid) or "")

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Returns None for a file that is not there or was cut off while it was written."""
        try:
            content = json.loads(path.read_text())
            return cls(str(content["name"]), int(content["pid"]), str(content["started"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, directory: Path) -> Path:
        private.make_directory(directory)
        path = directory / f"{self.name}.json"
        private.write(path, json.dumps(asdict(self)).encode())
        return path

    @property
    def alive(self) -> bool:
        return bool(self.started) and _started(self.pid) == self.started

    @property
    def replaced(self) -> bool:
        """Whether the process id belongs to another process by now."""
        return _started(self.pid) not in (None, self.started)


def read_records(directory: Path) -> tuple[ProcessRecord, ...]:
    records = (ProcessRecord.read(path) for path in sorted(directory.glob("*.json")))
    return tuple(record for record in records if record is not None)


class Process:
    """A child of this command, leader of its own session and process group."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path, record: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen
        self._record = record

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
        records: Path,
    ) -> Self:
        """Starts and records it; its output goes to `log`, which is written anew."""
        private.make_directory(log.parent)
        private.write(log, b"")
        with postponed(), log.open("wb") as output:
            popen = subprocess.Popen(
                [str(part) for part in command],
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
            record = ProcessRecord.of(name, popen.pid).write(records)
        return cls(name, popen, log, record)

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Waits until `ready` says so.

        Raises:
            LocalStackError: the process ended, or the time is over. Carries the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise self._error(f"ended with exit code {self._popen.returncode}")
            if time.monotonic() > deadline:
                raise self._error(f"was not ready after {seconds:.0f} s")
            time.sleep(_POLL_SECONDS)

    def wait(self, seconds: float, meanwhile: Callable[[], None]) -> int:
        """Waits until the process ends, forgets it, and returns its exit code.

        Calls `meanwhile` again and again, so that what else can go wrong is noticed too.

        Raises:
            LocalStackError: it did not end in time. It still runs, and `stop` will find it.
        """
        deadline = time.monotonic() + seconds
        while (code := self._popen.poll()) is None:
            meanwhile()
            if time.monotonic() > deadline:
                raise self._error(f"did not end within {seconds:.0f} s")
            time.sleep(_POLL_SECONDS)
        self._record.unlink(missing_ok=True)
        return code

    def _error(self, what: str) -> LocalStackError:
        return LocalStackError(f"{self.name} {what}. {self.last_words()}")

    def last_words(self) -> str:
        """The last lines of its log, introduced by where the rest is."""
        return describe_log(self.log)


def describe_log(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
    tail = "\n".join(f"    {line}" for line in lines) or "    (empty)"
    return f"The end of {log}:\n{tail}"


def kill(records: Path, name: str) -> None:
    """Kills a recorded process together with its group, as a crash would; the record stays."""
    alive = [each for each in read_records(records) if each.name == name and each.alive]
    for record in alive:
        _signal_group(record.pid, signal.SIGKILL)
    _wait_until_gone(alive, _KILL_SECONDS)


def stop(records: Path) -> tuple[str, ...]:
    """Stops every recorded process together with its group and forgets it; returns the names.

    Asks politely first. What does not end within 8 seconds, and children whose parent went before
    them, are killed. A record whose process id belongs to another process by now is only forgotten.
    """
    with postponed():
        ours = [record for record in read_records(records) if not record.replaced]
        alive = [record for record in ours if record.alive]
        for record in alive:
            _signal_group(record.pid, signal.SIGTERM)
        _wait_until_gone(alive, _TERMINATE_SECONDS)
        for record in ours:
            _signal_group(record.pid, signal.SIGKILL)
        _wait_until_gone(alive, _KILL_SECONDS)
        for path in records.glob("*.json"):
            path.unlink()
    return tuple(record.name for record in alive)


def _wait_until_gone(records: Sequence[ProcessRecord], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(record.alive for record in records) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        # The group is empty. macOS says "not permitted" about a group in which only zombies remain.
        return


def _started(pid: int) -> str | None:
    """When the process started, in whatever unit the system counts; None when it does not run."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold spaces; after it come the state and 18 others.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    found = subprocess.run(
        ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return found[1].strip() if len(found) == 2 and not found[0].startswith("Z") else None

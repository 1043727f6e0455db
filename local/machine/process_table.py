"""All processes of this machine at one moment: who started whom, and what they use."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Row:
    """One process. `cpu_seconds` is user and system time since it started."""

    pid: int
    parent: int
    resident_bytes: int
    cpu_seconds: float
    command: str


def read_table() -> list[Row]:
    """What runs now; a process that ends meanwhile is left out."""
    if (_PROC / "self" / "stat").exists():
        rows = (_from_proc(path) for path in _PROC.iterdir() if path.name.isdecimal())
        return [row for row in rows if row is not None]
    listing = subprocess.run(
        ["/bin/ps", "-A", "-ww", "-o", "pid=,ppid=,rss=,time=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [from_listing(line) for line in listing.splitlines()]


def children(table: Iterable[Row], parent: int) -> list[Row]:
    """The processes that this one started itself."""
    return [row for row in table if row.parent == parent]


def from_listing(line: str) -> Row:
    """A line of `ps`: kibibytes, and a time such as 1:02.50 or 3-04:05:06."""
    pid, parent, kibibytes, time, *command = line.split(maxsplit=4)
    return Row(
        pid=int(pid),
        parent=int(parent),
        resident_bytes=int(kibibytes) * 1024,
        cpu_seconds=_seconds(time),
        command=command[0] if command else "",
    )


def _from_proc(directory: Path) -> Row | None:
    try:
        # The name in parentheses may hold spaces; after it come the state and the numbers.
        stat = (directory / "stat").read_text().rpartition(")")[2].split()
        command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Row(
        pid=int(directory.name),
        parent=int(stat[1]),
        resident_bytes=int(stat[21]) * os.sysconf("SC_PAGE_SIZE"),
        cpu_seconds=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
        command=command.strip(),
    )


def _seconds(time: str) -> float:
    days, _, clock = time.rpartition("-")
    seconds = 86_400.0 * int(days or 0)
    for place, part in enumerate(reversed(clock.split(":"))):
        seconds += float(part) * 60**place
    return seconds

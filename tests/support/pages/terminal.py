"""A shell in a terminal, as whoever reads a page has it."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# Commands come on a pipe of their own: the terminal is the standard input of what they run. Ctrl-C
# ends what the shell runs, and not the shell.
_LOOP = """
trap : INT
while IFS= read -r file <&"$COMMANDS"; do . "$file" "$COMMANDS"; echo "$?" >&"$STATUSES"; done
"""
_QUESTION = b"[y/N]"


class CommandError(Exception):
    """A command did not end in its time, or ended its shell."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Runs commands one after another in one shell, and answers its questions with yes."""

    process: subprocess.Popen[bytes]
    screen: int
    commands: int
    statuses: int
    file: Path

    def run(self, text: str, seconds: float, until: str | None = None) -> tuple[int, str]:
        """Run a command, and return its exit code and what the terminal shows.

        A command that runs until Ctrl-C is interrupted once it shows the text `until`.

        Raises:
            CommandError: it takes longer than these seconds, or it ended the shell.
        """
        self.file.write_text(f"{text}\n")
        os.write(self.commands, f"{self.file}\n".encode())
        shown = b""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.screen, self.statuses], [], [], 1)
            if self.screen in ready and (read := self._read()):
                shown += read
                if shown.rstrip().endswith(_QUESTION):
                    os.write(self.screen, b"y\n")
                if until and until.encode() in shown:
                    os.killpg(self.process.pid, signal.SIGINT)
                    until = None
            elif self.statuses in ready and (status := os.read(self.statuses, 100)):
                return int(status), shown.decode(errors="replace")
            elif self.process.poll() is not None:
                raise CommandError(f"the shell has ended: {shown.decode(errors='replace')}")
        raise CommandError(f"no end in {seconds} s: {shown.decode(errors='replace')}")

    def _read(self) -> bytes:
        """Read what is shown. A terminal that its last process has left is an error to read."""
        with suppress(OSError):
            return os.read(self.screen, 65_536)
        return b""


@contextmanager
def terminal(directory: Path, environment: Mapping[str, str], file: Path) -> Iterator[Terminal]:
    """Open a shell in a directory. Whatever still runs in it ends with it."""
    screen, keyboard = pty.openpty()
    commands_end, commands = os.pipe()
    statuses, statuses_end = os.pipe()
    variables = {"COMMANDS": str(commands_end), "STATUSES": str(statuses_end), "TERM": "dumb"}
    with subprocess.Popen(
        ["/bin/bash", "--norc", "-c", _LOOP],
        cwd=directory,
        env={**environment, **variables, "COLUMNS": "200"},
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        pass_fds=(commands_end, statuses_end),
        start_new_session=True,
        # A run of tests in the background ignores SIGINT, and so would the shell.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        for each in (keyboard, commands_end, statuses_end):
            os.close(each)
        try:
            yield Terminal(process, screen, commands, statuses, file)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            for each in (screen, commands, statuses):
                os.close(each)

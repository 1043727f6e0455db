"""`relayctl` in a shell, without the time that its imports take: a process forks for each command.

`python -m tests.support.relayctl.prepared COMMANDS STATUSES`, with the paths of two named pipes,
reads the words of a command from the one, a line each, and writes its exit code to the other.
"""

import os
import sys
from pathlib import Path

from relayctl.app import app

# In place of the function of `.local/env`. Without `0<&0`, the process would have no terminal.
FUNCTION = """
"$PYTHON" -m tests.support.relayctl.prepared '{folder}/commands' '{folder}/statuses' 0<&0 &
relayctl() {{
  printf '%s\\n' "$@" > '{folder}/commands'
  read -r relayctl_status < '{folder}/statuses'
  return "$relayctl_status"
}}
"""


def function(folder: Path) -> str:
    """Return what defines the function in a shell. The process ends with the shell's session."""
    for name in ("commands", "statuses"):
        os.mkfifo(folder / name)
    return FUNCTION.format(folder=folder)


def main(commands: Path, statuses: Path) -> None:
    """Run one command after another."""
    while True:
        words = commands.read_text().splitlines()
        child = os.fork()
        if not child:
            app(words, prog_name="relayctl")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        statuses.write_text(f"{status}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

"""Runs a model server where its code is.

The emulator starts model servers in an empty directory, from which Python imports nothing. A server
of one's own finds its modules and files in the directory of its code.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

_PYTHONS = ("python", "python3")


def serve_in(directory: Path, command: str | Sequence[str]) -> str:
    """Return the command of a container that runs `command` in `directory`.

    `python` means the emulator's own interpreter, whose packages the server then shares.

    Raises:
        ValueError: the command is empty, or a quotation in it does not end.
    """
    words = shlex.split(command) if isinstance(command, str) else list(command)
    if not words:
        raise ValueError("the command of the model server is empty")
    if words[0] in _PYTHONS:
        words[0] = "{python}"
    return shlex.join(["{python}", "-m", __name__, str(directory.resolve()), *words])


def main(directory: str, *command: str) -> None:
    """Become the command."""
    os.chdir(directory)
    # It keeps Python from importing what an artifact brings. Here, the code is the user's own.
    os.environ.pop("PYTHONSAFEPATH", None)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the user's own
    except OSError as exc:
        sys.exit(f"{command[0]}: {exc.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])

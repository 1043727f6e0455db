"""Files and directories that no other account of this machine can read."""

import os
import stat
from pathlib import Path

from local.errors import LocalStackError


def make_directory(path: Path) -> None:
    """Makes the directory, or takes the access of other accounts from one that exists.

    Raises:
        LocalStackError: other accounts work in it too, as in /tmp.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        raise LocalStackError(
            f"{path} belongs to other accounts of this machine too: choose another directory"
        )
    if found.st_mode & 0o077:
        path.chmod(0o700)


def write(path: Path, content: bytes) -> None:
    """Writes a new file in place of one that exists."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)

"""Folders in which the commands of a page run, so that they leave the working tree as it is."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.stack.settings import REPOSITORY

# Of AWS, and of the `make` that runs the tests: a reader's shell has neither.
_NOT_A_READERS = ("AWS_", "RELAY_", "MAKE", "MFLAGS")


def copied(directory: Path) -> Path:
    """Copy the files of the working tree, as a clone has them."""
    listed = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, directory / name)
    _installed(directory / ".venv")
    return directory


def linked(directory: Path, environment_file: Path) -> Path:
    """Link what a clone has, with the file of a stack that is up as `.local/env`."""
    (directory / ".local").mkdir(parents=True)
    (directory / ".local/env").symlink_to(environment_file)
    for each in REPOSITORY.iterdir():
        if each.name not in (".git", ".local", ".venv"):
            (directory / each.name).symlink_to(each)
    _installed(directory / ".venv")
    return directory


def environment(directory: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a new shell, in which Python's packages are those of the folder."""
    others = {
        name: value for name, value in inherited.items() if not name.startswith(_NOT_A_READERS)
    }
    packages = (directory, directory / "layers" / "relay", directory / "emulator" / "src")
    return {**others, "PYTHONPATH": os.pathsep.join(map(str, packages))}


def _installed(venv: Path) -> None:
    """Link what `make setup` has installed. It has nothing to install again."""
    venv.mkdir()
    for entry in (REPOSITORY / ".venv").iterdir():
        if entry.name != "ready":
            (venv / entry.name).symlink_to(entry.resolve())
    (venv / "ready").touch()

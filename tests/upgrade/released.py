"""The last released version: its tree from the history of the repository, and what it leaves.

`python -m tests.upgrade.released` records what it leaves in `tests/upgrade/left/`, where it stays:
later code reads what every released version has left.
"""

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from local.stack.settings import REPOSITORY

# No version has a tag yet: this commit is from before formats had versions.
LAST_RELEASED: Final = "bc5c7b52a0a3537f1f70a2e040a014402efc1399"
LEFT: Final = Path(__file__).parent / "left"
SUBJECTS: Final = ("stages", "roll_outs", "messages")
# The contract with consumers, and the folders that have had it. A version may have one without the
# other.
SCHEMAS: Final = ("result.schema.json", "result-attributes.schema.json")
_FOLDERS: Final = ("docs/reference", "docs")

_SECONDS = 60


class NoHistory(Exception):
    """The repository lacks the commit, as a shallow clone does."""


@dataclass(frozen=True)
class Tree:
    """The files of an earlier version."""

    root: Path

    def act(self, subject: str, act: str, given: object = None) -> Any:
        """Have this version's code leave a deployment, or go on with one."""
        script = Path(__file__).parent / f"{subject}.py"
        path = os.pathsep.join(map(str, (self.root, self.root / "layers/relay")))
        done = subprocess.run(
            [sys.executable, script, act],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": path},
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def released_tree(directory: Path, commit: str = LAST_RELEASED) -> Tree:
    """Write the files of a commit into a directory. Raises NoHistory."""
    archive = directory / "tree.tar"
    git = ["git", "-C", str(REPOSITORY), "archive", "--output", str(archive), commit]
    done = subprocess.run(git, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        reason = f"the history has no commit {commit[:7]}, the last released version"
        raise NoHistory(f"{reason}: run git fetch --unshallow. {done.stderr.strip()}")
    root = directory / "tree"
    with tarfile.open(archive) as files:
        files.extractall(root, filter="data")
    archive.unlink()
    return Tree(root)


def left(subject: str, version: str) -> Any:
    return json.loads((LEFT / version / f"{subject}.json").read_text())


def schema_of(root: Path, name: str) -> str | None:
    """Return a schema as a version publishes it; None if the version has none of this name."""
    paths = [root / folder / name for folder in _FOLDERS]
    return next((path.read_text() for path in paths if path.exists()), None)


def record() -> None:
    """Record what the last released version leaves."""
    directory = LEFT / LAST_RELEASED[:7]
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        tree = released_tree(Path(temporary))
        for subject in SUBJECTS:
            document = json.dumps(tree.act(subject, "record"), indent=1, sort_keys=True)
            (directory / f"{subject}.json").write_text(f"{document}\n")
        for name in SCHEMAS:
            if schema := schema_of(tree.root, name):
                (directory / name).write_text(schema)


if __name__ == "__main__":
    record()

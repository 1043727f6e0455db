"""A release of the working tree, built in a repository of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from release.checks import version

VERSION = version(REPOSITORY)
SOURCE_URL = "https://git.example.com/relay"
# The time of the commit: the release's files have it.
_TIME = "2026-01-02T03:04:06Z"


def repository(directory: Path) -> Path:
    """Commit a copy of the working tree, with a changelog of this version."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()
    for name in listed.split("\0"):
        if name and (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, directory / name, follow_symlinks=False)
    changelog = directory / "CHANGELOG.md"
    heading = f"## [Unreleased]\n\n## [{VERSION}] - 2026-01-02\n"
    dated = re.sub(rf"\n## \[{VERSION}\].*\n", "\n", changelog.read_text())
    changelog.write_text(dated.replace("## [Unreleased]\n", heading))
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "release"]):
        subprocess.run(
            ["git", *identity, *command],  # noqa: S607
            cwd=directory,
            env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": _TIME, "GIT_COMMITTER_DATE": _TIME},
            check=True,
        )
    return directory


def release(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build with the code of the copy."""
    return subprocess.run(
        [sys.executable, "-m", "release", "--source-url", SOURCE_URL],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = repository(tmp_path_factory.mktemp("release"))
    # What lies beside the commit without being listed is not released.
    (directory / "relayctl/__pycache__").mkdir()
    (directory / "relayctl/__pycache__/leftover.py").write_text("raise SystemExit\n")
    done = release(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / "dist"

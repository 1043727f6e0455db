"""The distributions of Python: of relayctl, and of the emulator.

The wheel is built from the source distribution, as an index's users would build it. Both are the
same bytes for the same commit: https://reproducible-builds.org/specs/source-date-epoch/.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from release.archives import settle_tar

# https://peps.python.org/pep-0517/#build-backend-interface, without an environment of its own: the
# pinned setuptools of this one builds.
_BUILD = """
import sys
from setuptools import build_meta
getattr(build_meta, sys.argv.pop(1))(sys.argv.pop())
"""


def build(project: Path, target: Path, time: int) -> tuple[Path, Path]:
    """Build a project's source distribution and wheel into `target`, and return their paths.

    `time` is that of the commit, in seconds since 1970. The build leaves files in `project`.
    """
    before = set(target.iterdir())
    _run("build_sdist", project, target, time)
    (archive,) = set(target.iterdir()) - before
    settle_tar(archive, time)
    with TemporaryDirectory() as directory:
        with tarfile.open(archive) as source:
            source.extractall(directory, filter="data")
        (unpacked,) = Path(directory).iterdir()
        _run("build_wheel", unpacked, target, time)
    (wheel,) = set(target.iterdir()) - before - {archive}
    return archive, wheel


def _run(step: str, project: Path, target: Path, time: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["SOURCE_DATE_EPOCH"] = str(time)
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, step, str(target.absolute())],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{step} of {project.name} failed:\n{done.stdout}")

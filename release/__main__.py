"""Builds a release into dist/: `make release`.

What is built is the commit, without anything else that lies in the folder.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from local.stack.settings import REPOSITORY
from release import application, checks, distributions, metadata
from release.application import Application
from release.sbom import sbom

DIST = REPOSITORY / "dist"


def main() -> None:
    """Check the commit, build everything beside dist/, and replace its files at the end."""
    options = _options()
    problems = checks.problems(REPOSITORY)
    if problems:
        sys.exit("\n".join(["nothing was built:", *(f"- {each}" for each in problems)]))
    built = Application(checks.version(REPOSITORY), options.author, options.source_url)
    with TemporaryDirectory() as directory:
        target = Path(directory, "dist")
        target.mkdir()
        try:
            build(target, Path(directory), built)
        except ValueError as error:
            sys.exit(f"nothing was built: {error}")
        replace(target)
    for file in _files(DIST):
        print(f"dist/{file.name}  {file.stat().st_size:,} bytes")


def replace(target: Path) -> None:
    """Put the files of the release where those of an earlier one were. dist/docs stays."""
    DIST.mkdir(exist_ok=True)
    for file in _files(DIST):
        file.unlink()
    for file in _files(target):
        shutil.copy(file, DIST)


def build(target: Path, directory: Path, built: Application) -> None:
    """Write all files of the release into `target`, with `directory` for what they are made of."""
    time = int(_git("log", "-1", "--format=%ct").decode())
    source = directory / "source"
    with tarfile.open(fileobj=BytesIO(_git("archive", "--format=tar", "HEAD"))) as commit:
        commit.extractall(source, filter="data")
    name = f"{metadata.NAME}-{built.version}-sam.zip"
    application.build(source, target / name, built, time)
    for project in (source, source / "emulator"):
        distributions.build(project, target, time)
    (target / "sbom.json").write_text(json.dumps(sbom(), indent=2) + "\n")
    (target / "changes.md").write_text(checks.changes(REPOSITORY, built.version) + "\n")
    (target / "SHA256SUMS").write_text(_sums(target))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--author", default=metadata.AUTHOR, help="whoever publishes")
    parser.add_argument(
        "--source-url", help="of the repository, such as https://git.example.com/relay"
    )
    return parser.parse_args()


def _sums(target: Path) -> str:
    """Return what `sha256sum --check` reads."""
    digests = (
        (hashlib.sha256(each.read_bytes()).hexdigest(), each.name) for each in _files(target)
    )
    return "".join(f"{digest}  {name}\n" for digest, name in digests)


def _files(directory: Path) -> list[Path]:
    return sorted(each for each in directory.iterdir() if each.is_file())


def _git(*arguments: str) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    main()

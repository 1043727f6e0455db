"""What has to hold before a release is built: the commit, its versions, and the changelog."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

# https://semver.org: a release without a pre-release or build.
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_SECTION = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?\n(.*?)(?=^## |\Z)", re.M | re.S)


def version(root: Path) -> str:
    """Return the version of the release, which pyproject.toml has."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return found


def emulator_version(root: Path) -> str:
    """Return the version of the emulator, whose distribution takes it from its package."""
    text = (root / "emulator/src/async_endpoint_emulator/__init__.py").read_text()
    (found,) = re.findall(r'^__version__ = "(.*)"$', text, re.M)
    return str(found)


def changes(root: Path, of: str) -> str:
    """Return the changelog's section of a version, without its heading; empty without one."""
    sections = {name: body for name, _, body in _sections(root)}
    return sections.get(of, "").strip()


def problems(root: Path) -> list[str]:
    """Return everything that keeps the commit from being released, each with its remedy."""
    released = version(root)
    found = [*_of_the_versions(root, released), *_of_the_changelog(root, released)]
    return [*found, *_of_the_tags(root, released), *_of_the_tree(root)]


def _of_the_versions(root: Path, released: str) -> Iterator[str]:
    if not _VERSION.fullmatch(released):
        yield f"the version {released} in pyproject.toml is not of the form 1.2.3"
    emulator = emulator_version(root)
    if emulator != released:
        yield (
            f"the version in pyproject.toml is {released}, and that of the emulator is {emulator}: "
            "set both to the same"
        )


def _of_the_changelog(root: Path, released: str) -> Iterator[str]:
    sections = _sections(root)
    if any(name == "Unreleased" and body.strip() for name, _, body in sections):
        yield f"CHANGELOG.md has changes under [Unreleased]: move them under [{released}]"
    dated = [(name, day) for name, day, _ in sections if name != "Unreleased"]
    if not dated or dated[0][0] != released:
        yield f"the first release in CHANGELOG.md is not [{released}]: add its section"
    elif not _is_a_date(dated[0][1]):
        yield f"[{released}] in CHANGELOG.md has no date: write `## [{released}] - YYYY-MM-DD`"


def _of_the_tags(root: Path, released: str) -> Iterator[str]:
    here = [each for each in _git(root, "tag", "--points-at", "HEAD") if re.match(r"v\d", each)]
    for tag in here:
        if tag != f"v{released}":
            yield f"the commit has the tag {tag}, and its version is {released}"
    if f"v{released}" in _git(root, "tag") and f"v{released}" not in here:
        yield f"v{released} is the tag of another commit: raise the version"


def _of_the_tree(root: Path) -> Iterator[str]:
    changed = _git(root, "status", "--porcelain")
    if changed:
        names = ", ".join(line[3:] for line in changed[:5]) + (", …" if changed[5:] else "")
        yield f"files are not committed: {names}"


def _sections(root: Path) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = _SECTION.findall((root / "CHANGELOG.md").read_text())
    return found


def _is_a_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()

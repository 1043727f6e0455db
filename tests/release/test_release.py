"""`make release` builds the same files for the same commit, and nothing for one that is none."""

import hashlib
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.release.conftest import VERSION, release, repository

pytestmark = pytest.mark.timeout(600)
NAMES = {
    "SHA256SUMS",
    f"async-inference-relay-{VERSION}-sam.zip",
    f"async_endpoint_emulator-{VERSION}-py3-none-any.whl",
    f"async_endpoint_emulator-{VERSION}.tar.gz",
    f"async_inference_relay-{VERSION}-py3-none-any.whl",
    f"async_inference_relay-{VERSION}.tar.gz",
    "changes.md",
    "sbom.json",
}


def test_a_release_has_these_files(dist: Path) -> None:
    assert {each.name for each in dist.iterdir()} == NAMES
    assert (
        json.loads((dist / "sbom.json").read_text())["metadata"]["component"]["version"] == VERSION
    )
    assert (dist / "changes.md").read_text().startswith("### Added\n")


def test_the_sums_are_those_of_all_other_files(dist: Path) -> None:
    lines = (line.split("  ") for line in (dist / "SHA256SUMS").read_text().splitlines())

    assert {name: digest for digest, name in lines} == {
        name: hashlib.sha256((dist / name).read_bytes()).hexdigest()
        for name in NAMES - {"SHA256SUMS"}
    }


def test_nothing_that_is_not_committed_is_released(dist: Path) -> None:
    for archive in [*dist.glob("*.whl"), *dist.glob("*.zip")]:
        with ZipFile(archive) as content:
            assert [each for each in content.namelist() if "leftover" in each] == []


def test_the_same_commit_gives_the_same_bytes_and_leaves_nothing_else(
    dist: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In another folder, at another time."""
    temporary = tmp_path_factory.mktemp("temporary")

    done = release(repository(tmp_path), TMPDIR=str(temporary))

    assert done.returncode == 0, done.stdout + done.stderr
    assert [*temporary.iterdir()] == []
    again = tmp_path / "dist"
    assert [
        name for name in sorted(NAMES) if (dist / name).read_bytes() != (again / name).read_bytes()
    ] == []


def test_a_commit_that_is_no_release_builds_nothing(tmp_path: Path) -> None:
    directory = repository(tmp_path)
    (directory / "dist").mkdir()
    (directory / "dist/earlier").touch()
    (directory / "README.md").write_text("changed\n")

    done = release(directory)

    assert done.returncode == 1
    assert done.stderr == "nothing was built:\n- files are not committed: README.md\n"
    assert [each.name for each in (directory / "dist").iterdir()] == ["earlier"]

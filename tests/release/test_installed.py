"""The wheels work where nothing of the repository is."""

import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from local.stack.settings import REPOSITORY
from tests.release.conftest import VERSION

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def environment(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheels. What they depend on comes from the one of the tests."""
    directory = tmp_path_factory.mktemp("environment")
    run(Path(sys.executable), "-m", "venv", "--without-pip", str(directory))
    (packages,) = directory.glob("lib/*/site-packages")
    # A path, whose own .pth files are not read: they name the repository.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = ("-m", "pip", "--python", str(directory / "bin/python"), "install", "--quiet")
    offline = ("--no-index", "--no-deps", "--disable-pip-version-check", "--ignore-installed")
    run(Path(sys.executable), *pip, *offline, *map(str, sorted(dist.glob("*.whl"))))
    return directory


def run(program: Path, *arguments: str) -> str:
    done = subprocess.run(
        [program, *arguments], cwd="/", env={}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_imported_is_what_the_wheels_brought(environment: Path) -> None:
    modules = "relayctl, relay, async_endpoint_emulator"
    files = run(
        environment / "bin/python",
        "-c",
        f"import {modules}\nfor each in ({modules}): print(each.__file__)",
    )

    assert len(files.splitlines()) == 3
    assert [each for each in files.splitlines() if not each.startswith(str(environment))] == []


def test_relayctl_lists_its_commands(environment: Path) -> None:
    shown = run(environment / "bin/relayctl", "--help")

    assert "doctor" in shown
    assert "resubmit" in shown


@pytest.mark.parametrize("name", ["async-endpoint-emulator", "async-endpoint-sandbox"])
def test_the_emulators_commands_start(environment: Path, name: str) -> None:
    assert run(environment / "bin" / name, "--version") == f"{name} {VERSION}\n"


def committed(folder: str) -> set[str]:
    """Return the files of a package, by their paths below the folder that it is imported from."""
    root = REPOSITORY / folder
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", root],  # noqa: S607
        cwd=root.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(listed.stdout.splitlines())


@pytest.mark.parametrize(
    ("distribution", "folders"),
    [
        ("async_inference_relay", ["relayctl", "layers/relay/relay"]),
        ("async_endpoint_emulator", ["emulator/src/async_endpoint_emulator"]),
    ],
)
def test_a_wheel_has_every_file_of_its_packages(
    dist: Path, distribution: str, folders: list[str]
) -> None:
    """The pages and scripts of the console among them."""
    with ZipFile(dist / f"{distribution}-{VERSION}-py3-none-any.whl") as wheel:
        contained = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert contained == set().union(*(committed(folder) for folder in folders))


@pytest.mark.parametrize("distribution", ["async_inference_relay", "async_endpoint_emulator"])
def test_a_source_distribution_has_the_license(dist: Path, distribution: str) -> None:
    name = f"{distribution}-{VERSION}"
    with tarfile.open(dist / f"{name}.tar.gz") as archive:
        text = archive.extractfile(f"{name}/LICENSE")
        assert text is not None
        assert text.read() == (REPOSITORY / "LICENSE").read_bytes()

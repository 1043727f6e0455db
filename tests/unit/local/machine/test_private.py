"""What a stack keeps on disk is for one account of the machine."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import commands
from local.errors import LocalStackError
from local.machine import private
from local.machine.lock import exclusive
from local.machine.processes import Process, ProcessRecord
from local.stack import certificate, root_user
from local.stack.environment import write_environment_file
from local.stack.settings import StackSettings
from tests.support.emulator.stack import eventually


@pytest.fixture(autouse=True)
def lenient_umask() -> Iterator[None]:
    """As on most machines: what is made without care is readable by all."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_nothing_that_a_stack_keeps_can_be_read_by_another_account(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path / "stack", 4566, 4567)

    with exclusive(settings.directory):
        root_user.issue(settings)
        certificate.issue(settings.tls)
        write_environment_file(settings)
        ProcessRecord("me", os.getpid(), "now").write(settings.records)
        log = settings.logs / "part.log"
        script = "import pathlib; pathlib.Path('data').mkdir(); open('data/file', 'w').close()"
        process = Process.start(
            "part",
            (sys.executable, "-c", script),
            environment=os.environ,
            directory=settings.directory,
            log=log,
            records=settings.records,
        )
        eventually(lambda: not process.running, "the part has ended")

    found = {each: each.stat() for each in settings.directory.rglob("*")}
    assert {"root.json", "env", "server.key", "part.log", "part.json", "file"} <= {
        each.name for each in found
    }
    assert [each for each, status in found.items() if status.st_mode & 0o077] == []
    assert _mode(settings.directory) == 0o700


def test_a_directory_of_an_earlier_version_is_closed(tmp_path: Path) -> None:
    directory = tmp_path / ".local"
    directory.mkdir(mode=0o755)

    private.make_directory(directory)

    assert _mode(directory) == 0o700


def test_a_directory_in_which_others_work_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    with pytest.raises(LocalStackError, match="shared belongs to other accounts"):
        private.make_directory(shared)

    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_every_command_closes_its_directory_and_writes_for_its_account_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_LOCAL_DIR", str(tmp_path / "stack"))

    def command(settings: StackSettings) -> int:
        (settings.directory / "written").touch()
        (settings.directory / "made" / "deep").mkdir(parents=True)
        return 0

    assert commands.perform(command) == 0

    assert _mode(tmp_path / "stack") == 0o700
    assert _mode(tmp_path / "stack" / "written") == 0o600
    assert _mode(tmp_path / "stack" / "made") == 0o700


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)

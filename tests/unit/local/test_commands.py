"""What `python -m local` prints about a stack."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from local import commands
from local.machine.processes import ProcessRecord
from local.stack import root_user
from local.stack.environment import write_environment_file
from local.stack.settings import StackSettings


@pytest.fixture
def elsewhere(tmp_path: Path) -> StackSettings:
    """A stack that is up on ports of its own: this process stands for its parts."""
    settings = StackSettings(tmp_path, 5001, 5002)
    root_user.issue(settings)
    write_environment_file(settings)
    for name in ("ministack", "sagemaker"):
        ProcessRecord.of(name, os.getpid()).write(settings.records)
    return settings


def test_the_status_has_the_ports_on_which_the_stack_runs(
    elsewhere: StackSettings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[StackSettings] = []
    monkeypatch.setattr(commands, "Clients", asked.append)
    monkeypatch.setattr(commands, "stack_outputs", lambda _: {"DataBucketName": "data"})

    code = commands.status(replace(elsewhere, aws_port=4566, sagemaker_port=4567))

    first, second, third = capsys.readouterr().out.splitlines()
    assert code == 0
    assert first.endswith("port 5001")
    assert second.endswith("port 5002")
    assert third.split() == ["DataBucketName", "data"]
    assert asked == [elsewhere]


def test_without_a_stack_the_status_has_the_ports_on_which_one_would_listen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = commands.status(StackSettings(tmp_path, 4566, 4567))

    assert code == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["4566", "4567"]

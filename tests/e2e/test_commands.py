"""`up`, `down` and `status` as a developer meets them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.machine.processes import read_records
from local.machine.tcp_ports import free_ports, is_free
from local.stack.settings import REPOSITORY, StackSettings
from tests.acceptance.targets.target import eventually
from tests.support.stack import RunningStack, command_environment, run_local


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[StackSettings]:
    """A stack that is not up, in a path with a space."""
    aws_port, sagemaker_port = free_ports(2)
    settings = StackSettings(tmp_path / "my stack", aws_port, sagemaker_port)
    yield settings
    run_local("down", settings, seconds=60)


def test_up_on_a_stack_that_is_up_deploys_again_and_keeps_its_parts(stack: RunningStack) -> None:
    before = read_records(stack.settings.records)

    again = run_local("up", stack.settings, seconds=240)

    assert again.returncode == 0, again.stdout + again.stderr
    assert "is running" in again.stdout
    assert read_records(stack.settings.records) == before


def test_status_shows_what_runs_and_where(stack: RunningStack) -> None:
    status = run_local("status", stack.settings, seconds=60)

    assert status.returncode == 0
    assert f"port {stack.settings.aws_port}" in status.stdout
    assert stack.outputs["DataBucketName"] in status.stdout


def test_up_on_other_ports_leaves_the_stack_that_is_up_alone(stack: RunningStack) -> None:
    aws_port, sagemaker_port = free_ports(2)
    elsewhere = StackSettings(stack.directory, aws_port, sagemaker_port)

    refused = run_local("up", elsewhere, seconds=60)

    assert refused.returncode == 1
    assert stack.settings.aws_url in refused.stderr
    assert run_local("status", stack.settings, seconds=60).returncode == 0


def test_a_taken_port_is_named_and_nothing_is_left(settings: StackSettings) -> None:
    with socket.create_server(("127.0.0.1", settings.sagemaker_port)):
        refused = run_local("up", settings, seconds=60)

    assert refused.returncode == 1
    assert f"port {settings.sagemaker_port}" in refused.stderr
    assert "RELAY_SAGEMAKER_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    _assert_nothing_left(settings)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_that_is_interrupted_leaves_nothing(
    settings: StackSettings, number: signal.Signals
) -> None:
    with _up(settings) as up:
        eventually(
            lambda: _recorded(settings) == {"ministack", "sagemaker", "sam-build"}, 60, "sam"
        )

        up.send_signal(number)
        _, error = up.communicate(timeout=60)

    assert up.returncode == 128 + number
    assert f"ended by {number.name}" in error
    assert "Traceback" not in error
    _assert_nothing_left(settings)


def test_a_part_that_crashes_while_the_stack_comes_up_shows_its_log(
    settings: StackSettings,
) -> None:
    with _up(settings) as up:
        eventually(lambda: "sam-build" in _recorded(settings), 60, "sam")

        (part,) = (r for r in read_records(settings.records) if r.name == "sagemaker")
        os.kill(part.pid, signal.SIGKILL)
        _, error = up.communicate(timeout=60)

    assert up.returncode == 1
    assert "sagemaker has ended" in error
    assert "listening on" in error
    _assert_nothing_left(settings)


def test_a_second_up_at_the_same_time_is_refused(settings: StackSettings) -> None:
    with _up(settings) as up:
        eventually(lambda: bool(_recorded(settings)), 60, "the first part")

        second = run_local("up", settings, seconds=60)
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=60)

    assert second.returncode == 1
    assert "another command" in second.stderr


def test_down_is_harmless_when_nothing_runs(settings: StackSettings) -> None:
    down = run_local("down", settings, seconds=60)

    assert down.returncode == 0
    assert "nothing was running" in down.stdout


@contextmanager
def _up(settings: StackSettings) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up"],
        cwd=REPOSITORY,
        env=command_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        try:
            yield up
        finally:
            up.terminate()


def _recorded(settings: StackSettings) -> set[str]:
    return {record.name for record in read_records(settings.records)}


def _assert_nothing_left(settings: StackSettings) -> None:
    assert _recorded(settings) == set()
    assert not settings.temporary.exists()
    assert not settings.environment_file.exists()
    assert is_free(settings.aws_port)
    assert is_free(settings.sagemaker_port)

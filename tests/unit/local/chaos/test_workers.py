import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.chaos.schedule import Dose
from local.chaos.workers import Killer
from local.load.usage import MINISTACK
from local.machine.processes import ProcessRecord
from local.stack.settings import StackSettings
from tests.support.stopped_clock import StoppedClock


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    """A stack whose MiniStack is this very process."""
    settings = StackSettings(tmp_path, 1, 2)
    ProcessRecord.of(MINISTACK, os.getpid()).write(settings.records)
    return settings


@pytest.fixture
def worker(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    script = tmp_path / "ministack-lambda-relay-Route-x1" / "_worker.py"
    script.parent.mkdir()
    script.write_text("input()")
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def _every_five_seconds() -> Iterator[Dose]:
    while True:
        yield Dose(5, 0.0)


def test_a_worker_is_killed_when_its_time_has_come_and_not_before(
    settings: StackSettings, worker: "subprocess.Popen[bytes]"
) -> None:
    clock = StoppedClock()
    killer = Killer(settings, ["relay-Route"], _every_five_seconds(), clock)
    clock.seconds = 4.9
    killer.strike()
    assert worker.poll() is None

    clock.seconds = 5
    killer.strike()

    assert worker.wait(10) == -signal.SIGKILL
    assert killer.killed == 1


def test_workers_of_other_functions_live(
    settings: StackSettings, worker: "subprocess.Popen[bytes]"
) -> None:
    clock = StoppedClock()
    killer = Killer(settings, ["relay-Submit"], _every_five_seconds(), clock)

    clock.seconds = 5
    killer.strike()

    assert killer.killed == 0
    assert worker.poll() is None


def test_nothing_is_killed_when_ministack_is_another_stacks(
    settings: StackSettings, worker: "subprocess.Popen[bytes]"
) -> None:
    ProcessRecord(MINISTACK, os.getpid(), "started at another time").write(settings.records)
    clock = StoppedClock()
    killer = Killer(settings, ["relay-Route"], _every_five_seconds(), clock)

    clock.seconds = 5
    killer.strike()

    assert killer.killed == 0
    assert worker.poll() is None

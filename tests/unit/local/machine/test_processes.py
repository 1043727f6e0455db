"""Child processes with tiny real ones."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.machine import processes
from local.machine.processes import Process, ProcessRecord

_FOREVER = "import time; time.sleep(600)"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "processes"


@pytest.fixture
def start(tmp_path: Path, records: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(code: str, name: str = "server") -> Process:
        process = Process.start(
            name,
            [sys.executable, "-c", code],
            environment={"PATH": os.defpath},
            directory=tmp_path,
            log=tmp_path / f"{name}.log",
            records=records,
        )
        started.append(process)
        return process

    yield start
    processes.stop(records)
    _eventually(lambda: not any(process.running for process in started))


def test_a_process_is_ready_when_its_probe_says_so(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    sign = tmp_path / "ready"
    process = start(f"import pathlib; pathlib.Path({str(sign)!r}).touch(); {_FOREVER}")

    process.wait_until(sign.exists, seconds=20)

    assert process.running


def test_a_process_that_ends_before_it_is_ready_shows_its_last_words(
    start: Callable[..., Process],
) -> None:
    process = start("print('no configuration'); raise SystemExit(3)")

    with pytest.raises(LocalStackError, match=r"exit code 3(.|\n)*no configuration"):
        process.wait_until(lambda: False, seconds=20)


def test_a_process_that_is_not_ready_in_time_is_an_error(start: Callable[..., Process]) -> None:
    process = start(_FOREVER)

    with pytest.raises(LocalStackError, match=r"server was not ready after 0 s"):
        process.wait_until(lambda: False, seconds=0.2)


def test_waiting_returns_the_exit_code_and_forgets_the_process(
    start: Callable[..., Process], records: Path
) -> None:
    process = start("raise SystemExit(7)", name="sam-build")

    code = process.wait(seconds=20, meanwhile=lambda: None)

    assert code == 7
    assert processes.read_records(records) == ()


def test_what_goes_wrong_meanwhile_ends_the_wait(start: Callable[..., Process]) -> None:
    def crash() -> None:
        raise LocalStackError("ministack has ended")

    with pytest.raises(LocalStackError, match="ministack has ended"):
        start(_FOREVER).wait(seconds=20, meanwhile=crash)


def test_a_record_leads_another_command_to_the_process(
    start: Callable[..., Process], records: Path
) -> None:
    process = start(_FOREVER)

    stopped = processes.stop(records)

    assert stopped == ("server",)
    assert not process.running
    assert processes.read_records(records) == ()


def test_children_of_a_process_are_stopped_with_it(
    start: Callable[..., Process], records: Path, tmp_path: Path
) -> None:
    child_id = tmp_path / "child"
    process = start(
        "import pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {_FOREVER!r}])\n"
        f"pathlib.Path({str(child_id)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    process.wait_until(lambda: child_id.exists() and child_id.read_text() != "", seconds=20)
    child = ProcessRecord.of("child", int(child_id.read_text()))
    assert child.alive

    processes.stop(records)

    _eventually(lambda: not child.alive)


def test_children_that_outlive_a_crashed_process_are_stopped_too(
    start: Callable[..., Process], records: Path, tmp_path: Path
) -> None:
    child_id = tmp_path / "child"
    process = start(
        "import pathlib, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {_FOREVER!r}])\n"
        f"pathlib.Path({str(child_id)!r}).write_text(str(child.pid))\n"
    )
    _eventually(lambda: not process.running)
    child = ProcessRecord.of("child", int(child_id.read_text()))
    assert child.alive

    processes.stop(records)

    _eventually(lambda: not child.alive)


def test_a_process_that_ignores_sigterm_is_killed(
    start: Callable[..., Process], records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_TERMINATE_SECONDS", 0.3)
    sign = tmp_path / "deaf"
    process = start(
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(sign)!r}).touch()\n"
        "time.sleep(600)"
    )
    process.wait_until(sign.exists, seconds=20)

    processes.stop(records)

    assert not process.running


def test_another_process_with_a_recorded_process_id_is_left_alone(records: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _FOREVER], start_new_session=True) as stranger:
        try:
            ProcessRecord("server", stranger.pid, started="before the last reboot").write(records)

            stopped = processes.stop(records)

            assert stopped == ()
            assert stranger.poll() is None
            assert processes.read_records(records) == ()
        finally:
            stranger.send_signal(signal.SIGKILL)


def test_stopping_is_harmless_when_nothing_was_ever_started(tmp_path: Path) -> None:
    assert processes.stop(tmp_path / "never made") == ()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "server"}', json.dumps({"pid": "x"})])
def test_a_record_that_was_cut_off_is_no_record(records: Path, content: str) -> None:
    records.mkdir()
    (records / "server.json").write_text(content)

    assert processes.read_records(records) == ()


def test_a_process_that_has_ended_but_was_not_collected_is_not_alive(
    start: Callable[..., Process], records: Path
) -> None:
    start("pass")
    (record,) = processes.read_records(records)

    _eventually(lambda: not record.alive)


def _eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)

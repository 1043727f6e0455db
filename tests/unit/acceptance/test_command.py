"""`python -m tests.acceptance` before and after its tests."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.acceptance import __main__ as command
from tests.acceptance.findings.observations import Observations
from tests.acceptance.targets.aws_target import Account
from tests.acceptance.targets.guard import end_process


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are good for nothing but to say whose they are; nothing may be made."""

    def client(_service: str) -> Any:
        return SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"})

    session = SimpleNamespace(client=client, region_name="eu-central-1")
    monkeypatch.setattr(Account, "session", lambda _self: session)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was made")

    monkeypatch.setattr(command, "guarded", refuse)
    monkeypatch.setattr(command, "AwsTarget", refuse)


@pytest.mark.usefixtures("account")
def test_without_a_terminal_and_without_yes_nothing_is_deployed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))

    code = command.main(["--target", "aws"])

    printed = capsys.readouterr()
    assert code == 2
    assert "account 123456789012, region eu-central-1" in printed.out
    assert "in all, at most" in printed.out
    assert "YES=1" in printed.err


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("answer", ["n", "", "no", "yess"])
def test_any_answer_but_yes_deploys_nothing(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))

    assert command.main(["--target", "aws"]) == 2
    assert "Go on?" in capsys.readouterr().out


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("answer", ["y", "YES"])
def test_yes_starts_the_deployment(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))

    with pytest.raises(AssertionError, match="something was made"):
        command.main(["--target", "aws"])


def test_without_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)

    code = command.main(["--target", "aws", "--profile", "no-such-profile"])

    assert code == 2
    assert "no-such-profile" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["relay", "relay-acceptance-", "relay-acceptance-0123a", "xrelay-acceptance-0123ab"]
)
def test_only_what_a_run_made_is_removed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--target", "aws", "--remove", name])

    assert ended.value.code == 2
    assert f"'{name}' is not the name of a run" in capsys.readouterr().err


def test_without_a_region_nothing_is_asked_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Account, "session", lambda _self: SimpleNamespace(region_name=None))

    assert command.main(["--target", "aws", "--yes"]) == 2
    assert "You must specify a region" in capsys.readouterr().err


def test_a_local_stack_that_does_not_come_up_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_directory: Path) -> None:
        raise RuntimeError("`python -m local up` failed: port 4566 is taken")

    monkeypatch.setattr(command, "running_stack", refuse)

    assert command.main(["--target", "local"]) == 1
    assert "port 4566 is taken" in capsys.readouterr().err


class Preparation:
    """Of a target that comes no further."""

    name = "aws"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __call__(self) -> None:
        raise self._error


def observed(error: BaseException, path: Path) -> int:
    run = command.Run(None, Observations(), datetime.now(UTC))
    preparation = Preparation(error)
    return command._observed(run, preparation, preparation, path, "eu-central-1")  # type: ignore[arg-type]


def test_a_deployment_that_fails_says_why_and_observes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = observed(RuntimeError("TopicPolicy: Invalid parameter"), tmp_path / "run.json")

    assert code == 1
    assert "TopicPolicy: Invalid parameter" in capsys.readouterr().err
    run = json.loads((tmp_path / "run.json").read_text())
    assert {each["verdict"] for each in run["assumptions"]} == {"not observed"}
    assert "the stack could not be deployed" in [each["detail"] for each in run["assumptions"]]


def test_an_interruption_is_reported_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        observed(KeyboardInterrupt(), tmp_path / "run.json")

    run = json.loads((tmp_path / "run.json").read_text())
    assert run["exit_code"] == 130
    assert "the run was interrupted" in [each["detail"] for each in run["assumptions"]]


def test_a_process_is_ended_only_if_it_is_the_one_that_is_meant(tmp_path: Path) -> None:
    file = tmp_path / "sam.pid"
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", "meant"]
    ) as process:
        file.write_text(str(process.pid))

        end_process(file, "another")
        assert process.poll() is None

        end_process(file, "meant")
        assert process.wait(10) == -signal.SIGTERM


def test_a_process_that_was_never_started_is_no_trouble(tmp_path: Path) -> None:
    end_process(tmp_path / "none", "meant")

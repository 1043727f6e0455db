"""The terminal in which tests type the commands of the documentation."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pages.terminal import CommandError, Terminal, terminal

SECONDS = 60
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, ENVIRONMENT, tmp_path / "command") as opened:
        yield opened


def test_a_command_ends_with_its_status_and_what_it_shows(shell: Terminal) -> None:
    assert shell.run("echo shown; (exit 3)", SECONDS) == (3, "shown\r\n")


def test_commands_run_in_one_shell(shell: Terminal, tmp_path: Path) -> None:
    shell.run('cd /; say() { echo "$1, $word"; }\nexport word=again', SECONDS)

    assert shell.run("say $PWD", SECONDS) == (0, "/, again\r\n")


def test_a_question_is_answered_with_yes_also_when_its_line_is_wrapped(shell: Terminal) -> None:
    ask = 'printf "Shall it\nbe deleted?\n[y/N] "; read -r answer; test -t 0; echo "$answer $?"'

    status, shown = shell.run(ask, SECONDS)

    assert (status, shown.splitlines()[-1]) == (0, "y 0")


def test_a_command_that_runs_until_ctrl_c_is_interrupted_and_the_shell_goes_on(
    shell: Terminal,
) -> None:
    program = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    program += "print('ready', flush=True); time.sleep(60)"

    status, shown = shell.run(f'python3 -c "{program}"', SECONDS, until="ready")

    assert (status, shown.splitlines()[0]) == (128 + signal.SIGINT, "ready")
    assert shell.run("echo again", SECONDS) == (0, "again\r\n")


def test_a_command_that_ends_the_shell_is_an_error_that_shows_its_output(shell: Terminal) -> None:
    with pytest.raises(CommandError, match="ended: farewell"):
        shell.run("echo farewell; exit 1", SECONDS)


def test_a_command_that_does_not_end_is_an_error_and_ends_with_its_terminal(
    tmp_path: Path,
) -> None:
    with (
        terminal(tmp_path, ENVIRONMENT, tmp_path / "command") as shell,
        pytest.raises(CommandError, match="no end in 0 s"),
    ):
        shell.run("read -r forever", 0)

    assert shell.process.poll() is not None

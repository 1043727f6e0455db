"""`relayctl` as a process: its streams, and an interruption before anything is imported."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from tests.support.samples import NOON

# Runs the command that the arguments name over a stack in memory.
OVER_A_STACK = """
from relayctl.deployment import Deployment
from relayctl.__main__ import main
from tests.support.relayctl.commands import FakeDeployment

deployment = FakeDeployment()
deployment.submitted(1, key="inputs/caf\\u00e9 \\U0001f600.csv")
deployment.search.clock.advance(3_600)
Deployment.of = lambda *_: deployment
main()
"""
INTERRUPTED_AT_THE_IMPORT = """
import os, signal, sys

class Interrupt:
    @staticmethod
    def find_spec(name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt)
from relayctl.__main__ import main
main()
"""
LIST = ("list", "--since", NOON.isoformat(), "--stack-name", "relay")


def run(
    code: str, *arguments: str, line: str = '"$@"', **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run code with arguments; `line` of a shell has the redirections."""
    paths = (REPOSITORY, REPOSITORY / "layers/relay", REPOSITORY / "emulator/src")
    others = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", sys.executable, "-c", code, *arguments],
        env=others | {"PYTHONPATH": os.pathsep.join(map(str, paths))} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_an_interruption_of_the_imports_is_one_line() -> None:
    ended = run(INTERRUPTED_AT_THE_IMPORT)

    assert ended.stderr == "error: interrupted\n"
    assert ended.returncode == 128 + signal.SIGINT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [LIST, (*LIST, "--json"), ("--help",)])
def test_an_output_that_is_full_is_one_line(arguments: tuple[str, ...]) -> None:
    ended = run(OVER_A_STACK, *arguments, line='"$@" > /dev/full')

    assert ended.stderr == "error: the output cannot be written: No space left on device\n"
    assert ended.returncode == 3


def test_an_output_that_is_closed_is_one_line() -> None:
    ended = run(OVER_A_STACK, *LIST, line='"$@" >&-')

    assert ended.stderr == "error: the output cannot be written: standard output is closed\n"
    assert ended.returncode == 3


def test_without_standard_error_the_exit_code_tells_the_error() -> None:
    ended = run(OVER_A_STACK, "list", "--since", "soon", line='"$@" 2>&-')

    assert ended.returncode == 2


def test_characters_that_the_encoding_has_not_are_escaped() -> None:
    ended = run(OVER_A_STACK, *LIST, PYTHONIOENCODING="ascii")

    assert r"inputs/caf\u00e9 \ud83d\ude00.csv" in ended.stdout
    assert ended.returncode == 0


def test_escaped_characters_are_those_of_json() -> None:
    ended = run(OVER_A_STACK, *LIST, "--json", PYTHONIOENCODING="ascii")

    assert ended.stdout.isascii()
    text = json.dumps(json.loads(ended.stdout), ensure_ascii=False)
    assert "inputs/café 😀.csv" in text


def test_only_the_page_waits_for_the_import_of_a_server() -> None:
    code = "import sys, relayctl.app; print({'aiohttp', 'asyncio', 'jinja2'} & sys.modules.keys())"

    assert run(code).stdout == "set()\n"

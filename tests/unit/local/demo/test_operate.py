"""The commands of `relayctl` at the end of the demo."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.demo import operate
from local.errors import LocalStackError
from local.stack.settings import StackSettings

SETTINGS = StackSettings(Path("/stack"), 1, 2)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that were run, each of which prints its name. `status` finds a failure."""
    run: list[tuple[str, ...]] = []

    def ended(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        arguments = tuple(command[3:])
        run.append(arguments)
        requests = {"requests": [{"request_id": "c" * 32}]}
        printed = json.dumps(requests) if "--json" in arguments else f"of {arguments[0]}"
        return subprocess.CompletedProcess(command, int(arguments[0] == "status"), printed, "")

    monkeypatch.setattr(subprocess, "run", ended)
    monkeypatch.setattr(operate, "child_variables", lambda settings, inherited: {})
    return run


def test_each_command_line_stands_above_what_it_prints(commands: list[tuple[str, ...]]) -> None:
    texts = list(operate.operate(SETTINGS))

    assert texts[1] == "\n$ .venv/bin/relayctl count --since 1h\nof count"
    assert texts[3] == f"\n$ .venv/bin/relayctl status {'c' * 32}\nof status"
    assert texts[4] == "\n$ .venv/bin/relayctl parked\nof parked"
    assert len(commands) == 5


def test_a_command_that_fails_fails_the_demo_with_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = subprocess.CompletedProcess([], 3, "", "error: AWS was not reached")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: refused)
    monkeypatch.setattr(operate, "child_variables", lambda settings, inherited: {})

    with pytest.raises(LocalStackError, match="count --since 1h ended with 3: error: AWS was not"):
        list(operate.operate(SETTINGS))

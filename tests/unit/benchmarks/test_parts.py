"""What a function's processor time is made of: the clocks, and what they are put on."""

import importlib
import json
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

from benchmarks.parts import PARTS
from local.stack.settings import REPOSITORY

_FUNCTION = """
import time

def spin():
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass

def idle():
    pass

def handler(event, context):
    spin()
    spin()
    idle()
    return {"batchItemFailures": []}
"""


@pytest.mark.parametrize("function", PARTS)
def test_every_clock_is_put_on_something_that_is_there(function: str) -> None:
    handler = (REPOSITORY / "functions" / function / "app.py").read_text()

    for name in PARTS[function]:
        module, _, path = name.partition(":")
        if module == "app":
            assert f" {path}(" in handler
        else:
            assert callable(attrgetter(path)(importlib.import_module(module)))


def test_a_part_has_the_processor_time_of_all_its_calls(tmp_path: Path) -> None:
    (tmp_path / "spinning.py").write_text(_FUNCTION)
    (tmp_path / "event.json").write_text("{}")

    done = subprocess.run(
        [
            *(sys.executable, REPOSITORY / "benchmarks" / "worker.py", "spinning"),
            *("spinning:spin", "spinning:idle"),
        ],
        env={"PYTHONPATH": str(tmp_path)},
        input=f"{tmp_path / 'event.json'} 3\n",
        capture_output=True,
        text=True,
        check=True,
    )

    _, answer = map(json.loads, done.stdout.splitlines())
    (first, *_) = seconds = answer["cpu_seconds"]
    assert len(seconds) == 3
    assert first >= 0.04
    assert 0.04 <= answer["parts"]["spinning:spin"] <= sum(seconds) / 3
    assert answer["parts"]["spinning:idle"] < 0.01

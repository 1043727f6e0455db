"""The runtime itself, with small functions: what they see, how they end, what is left of them."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.functions.lambda_environment import Function
from local.functions.lambda_runtime import Answer, Failure, LambdaRuntime
from local.stack.settings import REPOSITORY

Build = Callable[..., Function]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Makes a function with a handler of the given body, and an empty layer."""

    def make(body: str, **changes: object) -> Function:
        code, layer = tmp_path / "function", tmp_path / "layer"
        code.mkdir()
        layer.mkdir()
        handler = f"def handler(event, context):\n{textwrap.indent(body, '    ')}\n"
        (code / "app.py").write_text(f"import os, sys, time\n{handler}")
        given: dict[str, object] = {
            "name": "example",
            "handler": "app.handler",
            "code": code,
            "layers": (layer,),
            "environment": {"COLOUR": "blue"},
            "memory_megabytes": 256,
            "timeout_seconds": 5,
        }
        return Function(**{**given, **changes})  # type: ignore[arg-type]

    return make


def test_an_answer_is_what_the_handler_returned_and_the_first_call_initialises(
    build: Build,
) -> None:
    with LambdaRuntime(build("print('seen', event['n'])\nreturn {'n': event['n']}")) as runtime:
        first, second = runtime.invoke({"n": 1}), runtime.invoke({"n": 2})

    assert (first.outcome, second.outcome) == (Answer({"n": 1}), Answer({"n": 2}))
    assert first.init_milliseconds is not None
    assert second.init_milliseconds is None
    assert [line for line in (*first.log, *second.log) if "seen" in line] == ["seen 1", "seen 2"]


@pytest.mark.parametrize("module", ["moto", "pytest", "ministack", "yaml", "boto3", "local"])
def test_a_function_cannot_import_what_only_the_virtual_environment_has(
    build: Build, module: str
) -> None:
    with LambdaRuntime(build(f"import {module}")) as runtime:
        outcome = runtime.invoke({}).outcome

    assert isinstance(outcome, Failure)
    assert (outcome.error, outcome.message) == (
        "ModuleNotFoundError",
        f"No module named '{module}'",
    )


def test_a_function_imports_from_its_own_directory_before_its_layer(build: Build) -> None:
    function = build("import colours, shapes\nreturn [colours.NAME, shapes.NAME]")
    (function.layers[0] / "colours.py").write_text("NAME = 'of the layer'")
    (function.layers[0] / "shapes.py").write_text("NAME = 'of the layer'")
    (function.code / "colours.py").write_text("NAME = 'of the function'")

    with LambdaRuntime(function) as runtime:
        outcome = runtime.invoke({}).outcome

    assert outcome == Answer(["of the function", "of the layer"])


def test_a_function_sees_the_environment_that_lambda_gives_it_and_not_the_developers(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    function = build("return {**os.environ, 'here': os.getcwd()}")

    with LambdaRuntime(function) as runtime:
        outcome = runtime.invoke({}).outcome

    assert isinstance(outcome, Answer)
    seen = outcome.payload
    assert isinstance(seen, dict)
    assert "AWS_PROFILE" not in seen
    assert seen["COLOUR"] == "blue"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "example"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["_HANDLER"] == "app.handler"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["LAMBDA_TASK_ROOT"] == seen["here"] == str(function.code)


def test_running_a_function_leaves_what_was_built_as_it_was(build: Build) -> None:
    function = build("import colours")
    (function.layers[0] / "colours.py").touch()
    before = sorted(function.code.parent.rglob("*"))

    with LambdaRuntime(function) as runtime:
        runtime.invoke({})

    assert sorted(function.code.parent.rglob("*")) == before


def test_a_handler_that_raises_fails_with_its_error_and_the_next_call_works(build: Build) -> None:
    with LambdaRuntime(build("return 1 // event")) as runtime:
        failed, well = runtime.invoke(0).outcome, runtime.invoke(1).outcome

    assert isinstance(failed, Failure)
    assert failed.error == "ZeroDivisionError"
    assert "app.py" in "".join(failed.trace)
    assert well == Answer(1)


def test_a_function_out_of_time_is_ended_and_the_next_call_starts_it_again(build: Build) -> None:
    with LambdaRuntime(build("time.sleep(event)", timeout_seconds=1)) as runtime:
        late, well = runtime.invoke(30), runtime.invoke(0)

    assert late.outcome == Failure("Sandbox.Timedout", "Task timed out after 1.00 seconds")
    assert well.outcome == Answer(None)
    assert well.init_milliseconds is not None


def test_a_function_that_dies_fails_and_the_next_call_starts_it_again(build: Build) -> None:
    body = "print('going', flush=True)\nif event: os._exit(event)"
    with LambdaRuntime(build(body)) as runtime:
        dead, well = runtime.invoke(3), runtime.invoke(0)

    assert isinstance(dead.outcome, Failure)
    assert dead.outcome.error == "Runtime.ExitError"
    assert "exit status 3" in dead.outcome.message
    assert well.outcome == Answer(None)


def test_a_module_that_cannot_be_imported_fails_with_the_reason(build: Build) -> None:
    with LambdaRuntime(build("pass", handler="nowhere.handler")) as runtime:
        outcome = runtime.invoke({}).outcome

    assert isinstance(outcome, Failure)
    assert outcome.error == "Runtime.ImportModuleError"
    assert "nowhere" in outcome.message


_FOREVER = """
import sys, time
from pathlib import Path
from local.functions.lambda_runtime import LambdaRuntime
from local.functions.lambda_environment import Function
code = Path(sys.argv[1])
with LambdaRuntime(Function("example", "app.handler", code, (), {}, 128, 60)) as runtime:
    runtime.invoke({})
    print("ready", flush=True)
    runtime.invoke({"forever": True})
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_runs_on_when_the_command_is_ended_in_the_middle(
    build: Build, tmp_path: Path, number: signal.Signals
) -> None:
    alive, temporary = tmp_path / "alive", tmp_path / "temporary"
    temporary.mkdir()
    # As long as it runs, it renews a file; a process that is gone renews nothing.
    function = build(f"while event: time.sleep(0.05); open({str(alive)!r}, 'w').close()")
    command = subprocess.Popen(
        [sys.executable, "-c", _FOREVER, str(function.code)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)},
    )
    with command:
        assert command.stdout is not None
        assert command.stdout.readline() == b"ready\n"
        _await(alive.exists, "the function runs")

        command.send_signal(number)
        command.wait(60)

    def gone() -> bool:
        alive.unlink(missing_ok=True)
        time.sleep(0.3)
        return not alive.exists()

    _await(gone, "the function has ended")
    _await(lambda: not list(temporary.iterdir()), "its files are gone")


def _await(look: Callable[[], bool], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)

"""What the emulator's answers mean, and for which machines there is one."""

import platform
import sys
from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.functions.lambda_environment import Function, passes, variables
from local.functions.lambda_runtime import Answer, Failure, find_emulator, read_outcome


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"null", None),
        (b'{"batchItemFailures": []}', {"batchItemFailures": []}),
        (b'"text"', "text"),
        (
            b'{"errorMessage": "an answer may say this alone"}',
            {"errorMessage": "an answer may say this alone"},
        ),
    ],
)
def test_an_answer_is_whatever_json_the_handler_returned(body: bytes, payload: object) -> None:
    assert read_outcome(body) == Answer(payload)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (
            b'{"errorType": "KeyError", "errorMessage": "x", "stackTrace": ["a"]}',
            Failure("KeyError", "x", ("a",)),
        ),
        (
            b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 3"}',
            Failure("Runtime.ExitError", "exit status 3"),
        ),
        (
            b"Task timed out after 3.00 seconds",
            Failure("Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        ),
        (b"", Failure("Runtime", "the function ended without an answer; its log says why")),
    ],
)
def test_an_error_is_never_taken_for_an_answer(body: bytes, failure: Failure) -> None:
    assert read_outcome(body) == failure


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_emulator_comes_with_the_sam_cli(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", "linux")

    assert find_emulator().is_file()


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_a_machine_without_an_emulator_gets_the_advice_to_use_docker(
    system: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", system)

    with pytest.raises(LocalStackError, match="sam local invoke"):
        find_emulator()


def test_a_function_cannot_override_what_lambda_reserves() -> None:
    environment = {"_HANDLER": "other.handler", "PYTHONPATH": "/elsewhere", "COLOUR": "blue"}
    function = Function("f", "app.handler", Path("/code"), (Path("/layer"),), environment, 128, 3)

    found = variables(function, Path("/runtime"))

    assert found["_HANDLER"] == "app.handler"
    assert found["PYTHONPATH"] == "/code:/layer:/runtime"
    assert found["COLOUR"] == "blue"


@pytest.mark.parametrize(
    ("log_format", "configured", "expected"),
    [
        ("Text", "", None),
        ("JSON", "", "INFO"),
        ("JSON", "DEBUG", "DEBUG"),
        ("JSON", "ERROR", "ERROR"),
    ],
)
def test_a_function_knows_how_lambda_filters_its_log(
    log_format: str, configured: str, expected: str | None
) -> None:
    function = Function("f", "app.handler", Path("/code"), (), {}, 128, 3, log_format, configured)

    found = variables(function, Path("/runtime"))

    assert found["AWS_LAMBDA_LOG_FORMAT"] == log_format
    assert found.get("AWS_LAMBDA_LOG_LEVEL") == expected


@pytest.mark.parametrize(
    ("line", "lowest"),
    [
        ('{"level": "DEBUG"}', "DEBUG"),
        ('{"level": "INFO"}', "INFO"),
        ('{"level": "WARNING"}', "WARN"),
        ('{"level": "error"}', "ERROR"),
        ('{"level": "CRITICAL"}', "FATAL"),
        ('{"_aws": {}, "Submitted": [1.0]}', "INFO"),
        ('{"level": "loud"}', "INFO"),
        ("[1]", "INFO"),
        ("Traceback (most recent call last):", "INFO"),
    ],
)
def test_a_line_passes_up_to_its_level_and_one_without_counts_as_info(
    line: str, lowest: str
) -> None:
    order = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

    assert [level for level in order if passes(line, level)] == list(
        order[: order.index(lowest) + 1]
    )

"""LogLevel, from the parameter to the lines that reach CloudWatch."""

import io
import json
import logging
import uuid
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from relay import bootstrap
from relay.delivery.report import Count, Level, Report
from relay.telemetry import Metrics, Telemetry, new_logger

from local.functions.lambda_environment import Function, passes, variables
from tests.template.template import Resource, deployed, resources, source

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FUNCTIONS = resources("Lambda::Function")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "CloudWatch":
    return CloudWatch(monkeypatch, capsys)


class CloudWatch:
    """What is left of a report with a note of each level, once Lambda has dropped lines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, name: str, log_level: str) -> list[dict[str, object]]:
        function = deployed(LogLevel=log_level)[name]
        lambdas_level = function.properties["LoggingConfig"].get("ApplicationLogLevel", "")
        for variable, value in _environment(function, log_level).items():
            self._monkeypatch.setenv(variable, value)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Powertools warns where the two levels contradict
            logger = new_logger(bootstrap.log_level(_environment(function, log_level)))
        log = io.StringIO()
        logging.getLogger(logger.name).handlers[0].setStream(log)  # type: ignore[attr-defined]

        report = Report()
        for level in Level:
            report.note(level, f"a {level} note")
        report.count(Count.ACCESS_DENIED)
        Telemetry(logger, Metrics(namespace="Relay", service=name)).write_report(report, 1)

        lines = (log.getvalue() + self._capsys.readouterr().out).splitlines()
        return [json.loads(line) for line in lines if passes(line, lambdas_level)]


def _environment(function: Resource, log_level: str) -> dict[str, str]:
    """What the function finds in Lambda, with a service of its own: Powertools keeps loggers."""
    declared = function.properties["Environment"]["Variables"]
    given = {
        name: log_level if value == {"Ref": "LogLevel"} else "x" for name, value in declared.items()
    }
    logging_config = function.properties["LoggingConfig"]
    surroundings = variables(
        Function(
            name=function.name,
            handler="app.handler",
            code=Path("/code"),
            layers=(),
            environment={**given, "POWERTOOLS_SERVICE_NAME": str(uuid.uuid4())},
            memory_megabytes=512,
            timeout_seconds=45,
            log_format=logging_config["LogFormat"],
            application_log_level=logging_config.get("ApplicationLogLevel", ""),
        ),
        Path("/runtime"),
    )
    # The rest is this process's own business.
    wanted = ("POWERTOOLS_", "AWS_LAMBDA_LOG", "RELAY_LOG", "LOG_LEVEL")
    return {name: value for name, value in surroundings.items() if name.startswith(wanted)}


def _levels(lines: Sequence[dict[str, object]]) -> set[object]:
    return {line["level"] for line in lines if "level" in line}


def test_the_parameter_takes_the_levels_of_the_functions() -> None:
    assert source()["Parameters"]["LogLevel"]["AllowedValues"] == list(LEVELS)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_a_log_has_what_is_at_the_chosen_level_and_above(
    sent: CloudWatch, function: Resource, level: str
) -> None:
    assert _levels(sent(function.name, level)) == set(LEVELS[LEVELS.index(level) :])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_metrics_get_through_at_every_level(
    sent: CloudWatch, function: Resource, level: str
) -> None:
    metrics = [line for line in sent(function.name, level) if "_aws" in line]

    assert [each["AccessDenied"] for each in metrics] == [[1.0]]

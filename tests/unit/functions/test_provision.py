"""The function as Lambda loads it, with a stand-in for the use case."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from relay import bootstrap
from relay.delivery.report import Level, Note
from relay.errors import UnreadableMessage
from relay.events.endpoint_events import Describe, Sweep, WakeUp
from relay.provision.lifecycle.ports import Journal

APP = Path(__file__).parents[3] / "functions" / "provision" / "app.py"
CONTEXT = SimpleNamespace(
    function_name="relay-provision",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:relay-provision",
    aws_request_id="5d1c9e0e",
)


class FakeReception:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.handled: list[WakeUp] = []

    def handle(self, wake_up: WakeUp) -> dict[str, object]:
        self.handled.append(wake_up)
        self._journal(Note(Level.INFO, "waiting", (("endpoint", "relay"), ("status", "Creating"))))
        return {"goal": "rest"}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "provision")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "AsyncInferenceRelay")
    monkeypatch.setattr(bootstrap, "provision", FakeReception)
    specification = importlib.util.spec_from_file_location("provision_app", APP)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    yield module


def test_an_event_is_parsed_handled_and_answered(app: ModuleType) -> None:
    assert app.handler({"action": "describe"}, CONTEXT) == {"goal": "rest"}
    assert app.provision.handled == [Describe()]


def test_every_step_is_a_line_of_the_log(app: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    app.handler({"detail-type": "Scheduled Event"}, CONTEXT)

    assert app.provision.handled == [Sweep()]
    line = caplog.records[-1]
    assert line.message == "waiting"
    assert (vars(line)["endpoint"], vars(line)["status"]) == ("relay", "Creating")


def test_what_was_done_is_counted(app: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    app.handler({"detail-type": "Scheduled Event"}, CONTEXT)

    (metrics,) = [
        line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line
    ]
    assert (metrics["LogLines"], metrics["Errors"]) == ([1.0], [0.0])


def test_what_is_not_recognised_goes_to_the_failure_destination(app: ModuleType) -> None:
    with pytest.raises(UnreadableMessage):
        app.handler({"hello": "world"}, CONTEXT)

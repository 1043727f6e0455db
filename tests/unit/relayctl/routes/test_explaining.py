"""`relayctl routes explain`."""

import json
from pathlib import Path

import pytest
from relay.model import AttemptState

from tests.support.relayctl.commands import Commands, FakeDeployment
from tests.support.results import result_schema
from tests.unit.relayctl.routes.conftest import SQS, routes_with

pytestmark = pytest.mark.usefixtures("stack")


def test_a_completed_request_is_taken_by_its_route(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, AttemptState.COMPLETED)

    ended = relayctl("routes", "explain", attempt.request_id)

    assert ended.exit == 0
    assert "+ done -> relay-completed.fifo: data.outcome == 'completed' is true" in ended.out
    assert "delivered by otherwise" in ended.out


@pytest.mark.parametrize(("route", "noted"), [("done", False), ("otherwise", True)])
def test_a_delivery_that_this_explanation_does_not_explain_is_noted(
    deployment: FakeDeployment, relayctl: Commands, route: str, noted: bool
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, AttemptState.COMPLETED, delivered_by=(route,))

    ended = relayctl("routes", "explain", attempt.request_id)

    assert ("such as the model's response" in " ".join(ended.err.split())) is noted


@pytest.mark.parametrize(
    "state", [AttemptState.FAILED, AttemptState.REJECTED, AttemptState.EXPIRED]
)
def test_what_no_route_takes_goes_otherwise(
    deployment: FakeDeployment, relayctl: Commands, state: AttemptState
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, state, "ClientError: row 1 has 3 values")

    document = relayctl("routes", "explain", "inputs/7.csv", "--json").document

    assert [each["to"] for each in document["routes"]] == [None, "relay-failed.fifo"]
    assert document["result"]["data"]["failure"]["reason"] == "ClientError: row 1 has 3 values"
    assert document["result"]["data"]["outcome"] == state.value.lower()
    assert result_schema.problems(document["result"]) == []


def test_input_defaults_are_in_the_result(
    deployment: FakeDeployment, relayctl: Commands, tmp_path: Path
) -> None:
    deployment.__dict__["parameters"] |= {
        "InputPrefixes": "inputs/",
        "DefaultContentType": "text/csv",
        "InputDefaults": json.dumps({"inputs/fraud/": {"custom_attributes": "team=fraud"}}),
    }
    attempt = deployment.submitted(7, key="inputs/fraud/7.csv")
    deployment.closed(attempt, AttemptState.COMPLETED)
    file = tmp_path / "routes.json"
    when = "data.custom_attributes == 'team=fraud' && data.input.content_type == 'text/csv'"
    file.write_text(routes_with({"name": "fraud", "when": when, "to": f"{SQS}fraud"}))

    ended = relayctl("routes", "explain", attempt.request_id, "--routes", str(file))

    assert "+ fraud -> fraud: " in ended.out


def test_a_result_in_a_file_is_explained(relayctl: Commands, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"id": "1", "data": {"outcome": "completed"}}))

    ended = relayctl("routes", "explain", str(file))

    assert "+ done -> relay-completed.fifo" in ended.out
    assert "delivered by" not in ended.out


def test_a_request_without_a_result_is_named(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    attempt = deployment.submitted(7)

    ended = relayctl("routes", "explain", attempt.request_id)

    assert ended.exit == 3
    assert "is submitted and has no result to explain" in " ".join(ended.err.split())


def test_an_unknown_request_is_named(relayctl: Commands) -> None:
    ended = relayctl("routes", "explain", "f" * 32)

    assert ended.exit == 3
    assert "is unknown and has no result to explain" in " ".join(ended.err.split())


def test_a_document_that_cannot_be_used_is_named(relayctl: Commands, tmp_path: Path) -> None:
    file = tmp_path / "routes.json"
    file.write_text("{}")

    ended = relayctl("routes", "explain", "f" * 32, "--routes", str(file))

    assert ended.exit == 1
    assert f"{file} cannot be used:" in ended.err

"""The overview shows the flow, and says of each part that it cannot show what is missing."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from relay.model import AttemptState

from relayctl.console.sources.activity import summary
from relayctl.errors import RelayctlError
from tests.support.console.page import Browser, ConsoleDeployment, denied
from tests.support.samples import NOON


def test_the_flow_has_its_numbers(browser: Browser, deployment: ConsoleDeployment) -> None:
    deployment.queues.put("SubmitQueue", "{}")
    deployment.queues.put("ReconcileDeadLetterQueue", "{}")
    deployment.cloudwatch.backlog = [12.0]
    for number in range(3):
        deployment.closed(deployment.submitted(number, 4), AttemptState.COMPLETED)
    deployment.closed(deployment.submitted(7, 3.5), AttemptState.FAILED, "ClientError: bad row")
    deployment.submitted(8, 4)

    text = browser.get("/").text

    for label in (
        "Requests: 5 in range, 1 under way",
        "SubmitQueue: 1 waiting, 0 in flight",
        "Endpoint: 1 instance, InService, 12 in backlog",
        "Completed: 3 in a minute",
        "Failed: 1 in a minute",
        "Dead letters: 1 message, 1 reconcile",
    ):
        assert label in text


def test_a_stack_without_requests_says_what_to_do(browser: Browser) -> None:
    text = browser.get("/").text

    assert "No request in this range. Upload a file" in text
    assert "Endpoint: 1 instance, InService, – in backlog" in text


def test_what_is_paused_is_said_and_can_be_resumed(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.mappings.states["relay-submit"] = "Disabled"
    assert "Submit is paused." in browser.get("/").text

    text = browser.post("/flow/submit", {"enabled": "yes"}).text

    assert "Submit resumes." in text
    assert "Submit is paused." not in text
    assert deployment.mappings.updates == [("relay-submit", True)]


def test_a_pause_that_lambda_refuses_says_so(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.mappings.errors["UpdateEventSourceMapping"] = ["AccessDeniedException"]

    text = browser.post("/flow/route", {"enabled": "no"}).text

    assert "ask for the permission lambda:UpdateEventSourceMapping on this stack" in text


def test_only_submit_and_route_can_be_paused(browser: Browser) -> None:
    assert browser.post("/flow/reconcile").status == 404


@pytest.mark.parametrize(
    ("operation", "permission", "label"),
    [
        ("DescribeEndpoint", "sagemaker:DescribeEndpoint", "Endpoint: – not known"),
        ("GetMetricData", "cloudwatch:GetMetricData", "backlog not known"),
        ("ListEventSourceMappings", "lambda:ListEventSourceMappings", "Endpoint: 1 instance"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes", "SubmitQueue: – not known"),
        ("Invoke", "lambda:InvokeFunction", "Requests: – not known"),
    ],
)
def test_a_missing_permission_is_named_and_breaks_nothing_else(
    browser: Browser,
    deployment: ConsoleDeployment,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    permission: str,
    label: str,
) -> None:
    def refuse(*_: object, **__: object) -> dict[str, object]:
        raise denied(operation)

    match operation:
        case "DescribeEndpoint":
            deployment.sagemaker.error = denied(operation)
        case "GetMetricData":
            deployment.cloudwatch.error = denied(operation)
        case "ListEventSourceMappings":
            deployment.mappings.errors[operation] = ["AccessDeniedException"] * 2
        case "GetQueueAttributes":
            monkeypatch.setattr(deployment.queues, "get_queue_attributes", refuse)
        case "Invoke":
            monkeypatch.setattr(deployment, "call", refuse)

    answer = browser.get("/")

    assert answer.status == 200
    assert f"A permission is missing: <code>{permission}</code>" in answer.text
    assert label in answer.text
    assert answer.text.count("A permission is missing") == 1


def test_a_stack_that_is_not_reached_says_so_once(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    error = EndpointConnectionError(endpoint_url="https://127.0.0.1:4566")
    deployment.sagemaker.error = deployment.cloudwatch.error = error

    text = browser.get("/").text

    assert text.count("Could not connect to the endpoint URL") == 1
    assert "on the local stack, start it with make up" in text


def test_a_stack_without_an_endpoint_has_the_rest(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    del deployment.outputs["EndpointName"]  # type: ignore[attr-defined]

    assert "Endpoint: – the stack has none" in browser.get("/").text


def test_ten_tabs_ask_as_much_as_one(browser: Browser, deployment: ConsoleDeployment) -> None:
    for _ in range(10):
        browser.get("/overview/live")
        browser.get("/overview/series")

    assert len([each for each in deployment.asked if each["action"] == "list"]) == 1


def test_an_error_of_the_page_is_told_in_the_terminal(
    browser: Browser, deployment: ConsoleDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.sagemaker.error = KeyError("unforeseen")

    answer = browser.get("/")

    assert answer.status == 500
    assert "The terminal of relayctl console has its cause" in answer.text
    assert "unforeseen" in capsys.readouterr().err


class TestTheCharts:
    def test_have_each_result_at_its_time(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        deployment.closed(deployment.submitted(1, 2), AttemptState.COMPLETED)
        deployment.closed(deployment.submitted(2, 2), AttemptState.FAILED, "no")

        series = json.loads(browser.get("/overview/series").text)

        at = series["times"].index(int((NOON + timedelta(minutes=3)).timestamp()))
        assert series["completed"][at] == series["failed"][at] == 1
        assert series["median"][at] == 60
        assert sum(series["completed"]) == 1
        assert series["rejected"] == series["expired"] == [0] * len(series["times"])

    def test_say_why_they_have_nothing(
        self, browser: Browser, deployment: ConsoleDeployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> dict[str, object]:
            raise RelayctlError("relay-reconcile: it failed")

        monkeypatch.setattr(deployment, "call", refuse)

        answer = browser.get("/overview/series")

        assert (answer.status, json.loads(answer.text)["problem"]) == (
            200,
            "relay-reconcile: it failed",
        )

    def test_of_an_unknown_range_are_those_of_the_usual_one(self, browser: Browser) -> None:
        usual, unknown = (browser.get(f"/overview/series{each}") for each in ("", "?range=9y"))

        assert usual.text == unknown.text

    def test_say_that_more_was_not_read(self) -> None:
        shown = summary([], "10m", NOON, complete=False)

        assert not shown.complete
        assert shown.requests == 0

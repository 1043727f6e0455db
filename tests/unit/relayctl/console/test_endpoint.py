"""The endpoint with its roll-outs, and a question before each change."""

import re

import pytest

from relayctl.errors import RelayctlError
from tests.support.console.page import Browser, ConsoleDeployment
from tests.support.provisioning.requests import create, deploy

MODEL = "s3://models/2.tar.gz"


@pytest.fixture
def serving(deployment: ConsoleDeployment) -> ConsoleDeployment:
    deployment.world.run(create(), deploy(MODEL))
    return deployment


def answer(browser: Browser, page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found, page
    return browser.post("/endpoint/perform", {"key": found[1]}).text


def test_the_endpoint_and_its_roll_outs_are_shown(
    browser: Browser, serving: ConsoleDeployment
) -> None:
    text = browser.get("/endpoint").text

    assert '<span class="state good">InService</span> <strong>relay</strong>' in text
    assert f"<dt>Serves</dt><dd>{MODEL}" in text
    assert "Deploy succeeded, asked for by" in text


def test_a_roll_out_is_asked_about_and_begun(browser: Browser, serving: ConsoleDeployment) -> None:
    form = {"action": "deploy", "model_data_url": "s3://models/3.tar.gz", "strategy": ""}
    question = browser.post("/endpoint/ask", form).text
    assert "Roll out a model?" in question
    assert f"<dt>Serves now</dt><dd>{MODEL}</dd>" in question
    assert "<dt>Would serve</dt><dd>s3://models/3.tar.gz</dd>" in question
    assert len(serving.world.roll_outs) == 2

    text = answer(browser, question)

    assert "Provision: accepted" in text
    assert "Deploy in progress" in text
    serving.world.settle()
    browser.view.answers.forget("endpoint")
    assert "<dd>s3://models/3.tar.gz" in browser.get("/endpoint/live").text


def test_a_rollback_is_asked_about_and_begun(browser: Browser, serving: ConsoleDeployment) -> None:
    question = browser.post("/endpoint/ask", {"action": "rollback"}).text
    assert "Roll back?" in question

    assert "Provision: accepted" in answer(browser, question)


def test_a_question_is_answered_once(browser: Browser, serving: ConsoleDeployment) -> None:
    question = browser.post("/endpoint/ask", {"action": "rollback"}).text
    answer(browser, question)

    assert "answered before" in answer(browser, question)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"action": "deploy", "model_data_url": "model.tar.gz"}, "is not an S3 URI"),
        ({"action": "burn"}, "no change of an endpoint"),
        ({"action": "rollback", "strategy": "Wild"}, "no change of an endpoint"),
    ],
)
def test_what_cannot_begin_says_why(
    browser: Browser, serving: ConsoleDeployment, form: dict[str, str], why: str
) -> None:
    assert why in browser.post("/endpoint/ask", form).text


def test_without_a_generation_before_there_is_no_way_back(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.world.run(create())

    text = browser.post("/endpoint/ask", {"action": "rollback"}).text

    assert "there is nothing to go back to" in text


def test_a_roll_out_that_provision_refuses_has_its_reason(
    browser: Browser, serving: ConsoleDeployment
) -> None:
    form = {"action": "deploy", "model_data_url": "s3://no", "strategy": ""}

    text = answer(browser, browser.post("/endpoint/ask", form).text)

    assert '<p class="notice bad" role="status">Provision: refused: ' in text


def test_an_absent_endpoint_is_shown(browser: Browser, deployment: ConsoleDeployment) -> None:
    text = browser.get("/endpoint").text

    assert "Absent" in text
    assert "There was no roll-out yet." in text


def test_an_error_of_provision_is_shown(browser: Browser, deployment: ConsoleDeployment) -> None:
    def fail(_: object) -> dict[str, object]:
        raise RelayctlError("relay-provision: it failed")

    deployment.functions_answer["ProvisionFunctionName"] = fail

    assert "relay-provision: it failed" in browser.get("/endpoint").text
    assert "relay-provision: it failed" in (
        browser.post("/endpoint/ask", {"action": "rollback"}).text
    )

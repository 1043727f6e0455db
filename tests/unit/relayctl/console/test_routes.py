"""Routes with a check while a person types, and a question before a change."""

import json
import re

import pytest

from tests.support.console.page import ROUTES, Browser, ConsoleDeployment, denied
from tests.support.relayctl.dead_letters import ARN

OTHER = json.dumps({"routes": [], "otherwise": {"to": f"{ARN}relay-failed.fifo"}})


def check(browser: Browser, text: str) -> str:
    return browser.post("/routes/check", {"document": text}).text


def put(browser: Browser, page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found, page
    return browser.post("/routes/put", {"key": found[1]}).text


def test_the_deployed_document_is_in_the_form_with_its_check(browser: Browser) -> None:
    text = browser.get("/routes").text

    assert "&#34;name&#34;: &#34;completed&#34;" in text
    assert "can be used" in text
    assert "<code>data.outcome == &#39;completed&#39;</code>" in text
    assert "Version 1" in text


class TestACheck:
    def test_shows_where_samples_would_go(self, browser: Browser) -> None:
        text = check(browser, json.dumps(ROUTES))

        assert "→ relay-completed.fifo" in text
        assert "→ relay-failed.fifo" in text

    def test_names_every_problem_with_its_place(self, browser: Browser) -> None:
        wrong = {
            "routes": [{"name": "a", "when": "data.outcome ==", "to": "nowhere"}],
            "otherwise": {},
        }

        text = check(browser, json.dumps(wrong))

        assert "cannot be used" in text
        assert "routes[0].to" in text
        assert "otherwise.to is missing" in text
        assert " ^" in text

    @pytest.mark.parametrize("text", ["", "{", "[]", "<script>", "[" * 100_000, "\ud800"])
    def test_of_anything_ends_in_words(self, browser: Browser, text: str) -> None:
        answer = check(browser, text.encode("utf-8", "replace").decode())

        assert "cannot be used" in answer
        assert "<script>" not in answer

    def test_changes_nothing(self, browser: Browser, deployment: ConsoleDeployment) -> None:
        check(browser, OTHER)

        assert len(deployment.parameter.versions) == 1


class TestAChange:
    def test_is_asked_about_with_its_difference_and_made(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        question = browser.post("/routes/ask", {"document": OTHER}).text
        assert "Put this document into force?" in question
        assert '<span class="removed">-      &#34;name&#34;: &#34;completed&#34;,' in question
        assert len(deployment.parameter.versions) == 1

        text = put(browser, question)

        assert "Version 2 is in force within 5 seconds." in text
        assert deployment.parameter.versions[-1] == OTHER

    def test_is_refused_if_another_came_first(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        question = browser.post("/routes/ask", {"document": OTHER}).text
        deployment.parameter.versions.append(json.dumps(ROUTES))

        assert "version 2 came after the question" in put(browser, question)
        assert len(deployment.parameter.versions) == 2

    def test_is_made_once(self, browser: Browser) -> None:
        question = browser.post("/routes/ask", {"document": OTHER}).text
        put(browser, question)

        assert "answered before" in put(browser, question)

    def test_that_cannot_be_used_keeps_the_text_in_the_form(self, browser: Browser) -> None:
        answer = browser.post("/routes/ask", {"document": '{"mine": 1}'})

        assert answer.status == 422
        assert "the document cannot be used" in answer.text
        assert "{&#34;mine&#34;: 1}" in answer.text

    def test_to_a_target_out_of_reach_is_refused(self, browser: Browser) -> None:
        other = json.dumps({"routes": [], "otherwise": {"to": f"{ARN}of-others"}})

        answer = browser.post("/routes/ask", {"document": other})

        assert answer.status == 422
        assert "RouteTargetArns" in answer.text


def test_a_deployed_document_that_cannot_be_used_says_so(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.parameter.versions.append("{")

    text = browser.get("/routes").text

    assert "Version 2 cannot be used. Version 1 is in force." in text


def test_a_deleted_parameter_says_what_to_do(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.parameter.versions.clear()

    assert "Set the routes with relayctl routes set FILE" in browser.get("/routes").text


def test_a_missing_permission_is_named(browser: Browser, deployment: ConsoleDeployment) -> None:
    deployment.parameter.error = denied("GetParameter")

    assert "<code>ssm:GetParameter</code>" in browser.get("/routes").text

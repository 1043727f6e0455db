"""Backfills with their progress, and a question before a start and before what is for good."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from relayctl.errors import RelayctlError
from tests.support.console.backfills import FakeBackfills
from tests.support.console.page import Browser, ConsoleDeployment
from tests.support.relayctl.backfills import CalledBackfills


@pytest.fixture
def function(deployment: ConsoleDeployment) -> FakeBackfills:
    return FakeBackfills.of(deployment)


def key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_progress_is_shown(browser: Browser, function: FakeBackfills) -> None:
    text = browser.get("/backfills").text

    assert 'value="41.2"' in text
    assert "182,500" in text
    assert "37.3 h" in text
    assert 'value="pause"' in text
    assert "retry_failed" not in text
    assert 'href="/backfills"' in text


def test_a_stack_without_the_function_has_no_page(browser: Browser) -> None:
    assert browser.get("/backfills").status == 404
    assert "/backfills" not in browser.get("/").text


def test_no_backfill_says_what_one_is(browser: Browser, function: FakeBackfills) -> None:
    function.known.clear()

    assert "There is no backfill" in browser.get("/backfills").text


def test_a_start_comes_after_a_preview(browser: Browser, function: FakeBackfills) -> None:
    question = browser.post("/backfills/ask", {"prefix": "inputs/2025/", "suffix": ""}).text
    assert "Submit 400,000 objects?" in question
    assert "$9.05" in question
    assert function.calls("start") == []

    text = browser.post("/backfills/start", {"key": key(question), "name": "mine"}).text

    assert "mine was started." in text
    assert function.calls("start") == [
        {"action": "start", "prefix": "inputs/2025/", "name": "mine"}
    ]


def test_a_start_is_made_once(browser: Browser, function: FakeBackfills) -> None:
    question = browser.post("/backfills/ask", {}).text
    browser.post("/backfills/start", {"key": key(question)})

    assert "answered before" in browser.post("/backfills/start", {"key": key(question)}).text
    assert len(function.calls("start")) == 1


def test_a_pause_is_made_at_once(browser: Browser, function: FakeBackfills) -> None:
    text = browser.post("/backfills/change", {"verb": "pause", "name": "year-2025"}).text

    assert "year-2025: wait" in text
    assert function.calls("pause") == [{"action": "pause", "name": "year-2025"}]


def test_a_cancellation_is_asked_about(browser: Browser, function: FakeBackfills) -> None:
    question = browser.post("/backfills/change", {"verb": "cancel", "name": "year-2025"}).text
    assert "Cancel of year-2025?" in question
    assert function.calls("cancel") == []

    browser.post("/backfills/change", {"key": key(question)})
    again = browser.post("/backfills/change", {"key": key(question)}).text

    assert function.calls("cancel") == [{"action": "cancel", "name": "year-2025"}]
    assert "answered before" in again


@pytest.mark.parametrize("verb", ["start", "list", "burn", ""])
def test_nothing_else_is_done(browser: Browser, function: FakeBackfills, verb: str) -> None:
    text = browser.post("/backfills/change", {"verb": verb, "name": "year-2025"}).text

    assert "is nothing that a backfill does" in text


def test_what_the_function_refuses_is_said(
    browser: Browser, deployment: ConsoleDeployment, function: FakeBackfills
) -> None:
    def refuse(_: Mapping[str, object]) -> dict[str, Any]:
        raise RelayctlError("relay-backfill: prefix must begin with that of the inputs")

    deployment.functions_answer["BackfillFunctionName"] = refuse

    assert "prefix must begin" in browser.post("/backfills/ask", {"prefix": "x"}).text
    assert "prefix must begin" in browser.get("/backfills").text


def test_what_the_function_does_not_know_yet_is_left_out(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    """A backfill has no number of objects before they are counted, and a preview no hours."""
    world = CalledBackfills(deployment)
    world.listing.put("inputs/a.csv")

    question = browser.post("/backfills/ask", {}).text
    assert "Submit 1 objects?" in question
    assert "not known: the endpoint has no measured speed" in question
    browser.post("/backfills/start", {"key": key(question), "name": "mine"})

    text = browser.get("/backfills").text
    assert "mine" in text
    assert "counting" in text
    assert 'value=""' not in text

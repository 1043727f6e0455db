"""Parked messages by reason, redriven and dropped after a question."""

import re

import pytest

from tests.support.console.page import Browser, ConsoleDeployment, denied
from tests.support.relayctl.dead_letters import URL, parked_attributes

REASON = "not JSON: <Expecting value>"


@pytest.fixture
def junk(deployment: ConsoleDeployment) -> ConsoleDeployment:
    """Two messages of one reason, and one of another."""
    for body in ("<one>", "two"):
        deployment.queues.put("SubmitDeadLetterQueue", body, attributes=parked_attributes(REASON))
    deployment.queues.put("ReconcileDeadLetterQueue", "{}")
    return deployment


def key(text: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', text)
    assert found
    return found[1]


def ask(browser: Browser, act: str, queue: str = "submit", reason: str = REASON) -> str:
    return browser.post("/parked/ask", {"act": act, "queue": queue, "reason": reason}).text


def test_messages_are_grouped_by_queue_and_reason(
    browser: Browser, junk: ConsoleDeployment
) -> None:
    text = browser.get("/parked/live").text

    assert "2 on submit" in text
    assert "not JSON: &lt;Expecting value&gt;" in text
    assert "&lt;one&gt;" in text
    assert "1 on reconcile" in text
    assert "There is no redrive: the next invocation of reconcile continues" in text
    assert text.count('value="redrive"') == 1
    assert all(each.visible for each in junk.queues.on("SubmitDeadLetterQueue"))


def test_the_page_reads_the_queues_when_it_is_shown_and_not_by_itself(browser: Browser) -> None:
    text = browser.get("/parked").text

    assert 'hx-trigger="load"' in text
    assert "every" not in text


def test_empty_queues_are_named(browser: Browser) -> None:
    assert "The queues submit, notifications, results, reconcile, provision are empty." in (
        browser.get("/parked/live").text
    )


def test_a_queue_that_was_deleted_is_named_beside_the_messages_of_the_others(
    browser: Browser, junk: ConsoleDeployment
) -> None:
    junk.queues.delete("ProvisionDeadLetterQueue")

    text = browser.get("/parked/live").text

    assert "provision: its queue does not exist" in text
    assert "2 on submit" in text

    overview = browser.get("/overview/live").text
    assert "2 submit" in overview
    assert "the queue provision is gone" in overview


def test_a_redrive_is_asked_about_and_sends_messages_back(
    browser: Browser, junk: ConsoleDeployment
) -> None:
    question = ask(browser, "redrive")
    assert "Redrive 2 messages?" in question
    assert junk.queues.sent == []

    text = browser.post("/parked/redrive", {"key": key(question)}).text

    assert "2 messages were sent back." in text
    assert [(url, each["MessageBody"]) for url, each in junk.queues.sent] == [
        (URL + "submit", "<one>"),
        (URL + "submit", "two"),
    ]
    assert junk.queues.on("SubmitDeadLetterQueue") == []


def test_a_drop_deletes_what_it_was_asked_about_and_nothing_later(
    browser: Browser, junk: ConsoleDeployment
) -> None:
    question = ask(browser, "drop")
    junk.queues.put("SubmitDeadLetterQueue", "later", attributes=parked_attributes(REASON))

    text = browser.post("/parked/drop", {"key": key(question)}).text

    assert "2 messages were deleted." in text
    assert [each.body for each in junk.queues.on("SubmitDeadLetterQueue")] == ["later"]


def test_a_question_is_answered_once(browser: Browser, junk: ConsoleDeployment) -> None:
    question = ask(browser, "drop")
    browser.post("/parked/drop", {"key": key(question)})

    assert "answered before" in browser.post("/parked/drop", {"key": key(question)}).text
    assert "answered before" in browser.post("/parked/drop", {}).text


def test_messages_that_went_meanwhile_are_said(browser: Browser, junk: ConsoleDeployment) -> None:
    assert "not there any more" in ask(browser, "drop", reason="another")


def test_what_is_left_is_said_with_the_cause(browser: Browser, junk: ConsoleDeployment) -> None:
    junk.queues.refused = {"two"}

    text = browser.post("/parked/redrive", {"key": key(ask(browser, "redrive"))}).text

    assert "1 message was sent back. 1 left: InvalidMessageContents" in text


def test_an_error_in_the_middle_says_what_was_done(
    browser: Browser, junk: ConsoleDeployment
) -> None:
    question = ask(browser, "drop")

    def refuse(operation: str, _: str) -> None:
        if operation == "delete_message_batch":
            raise denied("DeleteMessageBatch")

    junk.queues.before = refuse

    text = browser.post("/parked/drop", {"key": key(question)}).text

    assert "0 messages were deleted. not authorized. ask for the permission" in text
    assert "sqs:DeleteMessage" in text


def test_reading_without_a_permission_names_it(browser: Browser, junk: ConsoleDeployment) -> None:
    def refuse(operation: str, _: str) -> None:
        if operation == "receive_message":
            raise denied("ReceiveMessage")

    junk.queues.before = refuse

    assert "<code>sqs:ReceiveMessage</code>" in browser.get("/parked/live").text
    assert "sqs:ReceiveMessage" in ask(browser, "drop")


def test_what_was_sent_and_not_deleted_is_said(browser: Browser, junk: ConsoleDeployment) -> None:
    question = ask(browser, "redrive")

    def refuse(operation: str, _: str) -> None:
        if operation == "delete_message_batch":
            raise denied("DeleteMessageBatch")

    junk.queues.before = refuse

    text = browser.post("/parked/redrive", {"key": key(question)}).text

    assert "2 messages sent, but not deleted: repeating sends what is still parked" in text
    assert len(junk.queues.sent) == 2


@pytest.mark.parametrize("path", ["/parked/burn", "/parked/ask"])
def test_no_other_act_is_known(browser: Browser, path: str) -> None:
    assert browser.post(path, {"act": "burn"}).status in (400, 404)

"""The runbooks, followed on the local stack until each has seen its trouble and ended it.

The commands are those of the pages. They run on a further stack with all alarms, which nothing else
uses.
"""

import json
import shlex
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.stack.emulator import add_containers, read_counters
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import eventually
from tests.e2e.relayctl import troubles
from tests.e2e.relayctl.following import following
from tests.e2e.relayctl.runbook_stack import SECONDS, RunbookStack, routes
from tests.support.pages.runbooks import runbook, subjects
from tests.support.pages.terminal import Terminal
from tests.support.stack import RunningStack

NOT_FOLLOWED = {
    "FunctionThrottlesAlarm": "its functions have no limit in common",
    "FunctionDurationAlarm": "an invocation would have to take 40 seconds, three times",
    "LedgerAlarm": "its tables are not throttled",
}
NONE_PARKED = "no message is parked"
# In a table of `relayctl count`.
OPEN = tuple(f" submitted {number} " for number in range(1, 10))
AILING = "example/ailing:1"
AILING_SERVER = Path(__file__).with_name("ailing_model.py")


@pytest.mark.parametrize("subject", NOT_FOLLOWED)
def test_a_runbook_that_is_not_followed_says_why(subject: str) -> None:
    assert runbook(subject).not_followed == NOT_FOLLOWED[subject]


def test_every_other_runbook_is_followed() -> None:
    source = Path(__file__).read_text()
    others = [each for each in subjects() if each not in NOT_FOLLOWED]

    assert [each for each in others if f'following("{each}", ' not in source] == []
    assert [each for each in others if runbook(each).not_followed] == []


def test_the_commands_about_the_ledger_run(shell: Terminal) -> None:
    with following("LedgerAlarm", shell, "relayctl pause submit") as book:
        book.see("total", '"Metrics"')
        book.know("total")


# --- messages ------------------------------------------------------------------------------------


def test_messages_wait_for_a_function_and_for_a_target(
    relay: RunbookStack, shell: Terminal
) -> None:
    with (
        following("OldestMessageAlarm", shell, "relayctl routes set") as book,
        ExitStack() as pause,
    ):
        pause.enter_context(troubles.paused(relay, "Route"))
        pause.enter_context(troubles.paused(relay, "Submit"))
        book.names["KEY"] = key = relay.upload("orders")
        shown = book.see("not_submitted", "InService")
        assert "SubmitFunctionUploads event-source-mapping-disabled" in shown
        assert "RouteFunctionNotifications event-source-mapping-disabled" in shown

        book.do("relayctl resume submit")
        book.do("relayctl resume route")
        relay.request(key, "held")
        book.see(key)

        with troubles.orders(relay):
            book.know("no request of these options", "delivered by route orders")


def test_a_message_that_submit_parked(relay: RunbookStack, shell: Terminal) -> None:
    with troubles.paused(relay, "Submit"):
        key = relay.upload()
        upload = relay.take("SubmitQueue", key)
    with troubles.faults(relay, throttle=1.0):
        relay.deliver("Submit", upload)
    relay.send("SubmitQueue", f"junk {uuid.uuid4()}")

    with (
        following("DeadLetterAlarm", shell) as alarm,
        following("SubmitDeadLetterQueue", shell, KEY=key) as book,
    ):
        alarm.see("given up after 10 days", "not JSON")
        book.see(key, "not_submitted")

        book.do("relayctl parked redrive")
        book.do("relayctl parked drop")

        book.know(NONE_PARKED, "state completed")
        alarm.know(NONE_PARKED)


def test_a_message_that_route_parked(relay: RunbookStack, shell: Terminal) -> None:
    with troubles.paused(relay, "Route"):
        key = relay.upload("orders")
        notification = relay.take("NotificationQueue", key)
    relay.deliver("Route", notification)
    relay.send("NotificationQueue", f"junk {uuid.uuid4()}")

    left = ("relayctl routes set", "relayctl deploy")
    with following("NotificationDeadLetterQueue", shell, *left) as book:
        book.names["ID"] = relay.request(key, "held")
        book.see("given up after 10 days: route orders", "not JSON", "state held")

        with troubles.orders(relay):
            book.do("relayctl parked redrive")
            book.do("relayctl parked drop")
            book.know(NONE_PARKED, "state completed", "delivered by route orders")


def test_a_result_that_a_consumer_does_not_process(relay: RunbookStack, shell: Terminal) -> None:
    key = relay.upload()
    with following("ResultDeadLetterQueue", shell, ID=relay.request(key, "completed")) as book:
        troubles.receive_in_vain(relay, "CompletedQueue", key)
        book.see(key, "delivered by route completed")

        book.do("relayctl parked redrive")

        book.know(NONE_PARKED)
        relay.take("CompletedQueue", key)


def test_reconcile_fails_and_falls_behind(relay: RunbookStack, shell: Terminal) -> None:
    troubles.overdue(relay, minutes=40)
    with (
        following("ReconcileBehindAlarm", shell) as behind,
        following("ReconcileDeadLetterQueue", shell) as book,
    ):
        with relay.roles.without("ReconcileRole", "ReportOverdue"):
            relay.invoke_later("Reconcile", {"action": "reconcile"})
            book.see("sqs:SendMessage")
            behind.see("ReconcileRole", "sqs:SendMessage", "submitted 1")

        assert '"minutes_behind": 0' in behind.do("aws lambda invoke")
        book.do("relayctl parked drop")

        book.know(NONE_PARKED)
        behind.know(NONE_PARKED)


def test_provision_fails(relay: RunbookStack, shell: Terminal) -> None:
    with following("ProvisionDeadLetterQueue", shell) as book:
        with relay.roles.without("ProvisionRole", "ReadAndWriteRecords"):
            relay.invoke_later("Provision", {"detail-type": "Scheduled Event"})
            book.see("Scheduled Event")

        book.do("relayctl parked drop")
        book.do("relayctl endpoint")

        book.know("InService", NONE_PARKED)


# --- the endpoint --------------------------------------------------------------------------------


def test_a_model_fails_and_is_slow(
    relay: RunbookStack, shell: Terminal, stack: RunningStack
) -> None:
    server = f"{{python}} {shlex.quote(str(AILING_SERVER))}"
    add_containers(stack.settings, {AILING.rpartition("1")[0]: server})
    status, shown = shell.run(f"relayctl deploy --image-uri {AILING} --no-alarms --yes", 180)
    assert status == 0, shown
    failing = [relay.upload() for _ in range(3)]
    refused = [relay.upload(body=f"{GOOD}\n") for _ in range(5)]
    relay.alarms("ALARM", "ModelErrorsAlarm", "FailedInferencesAlarm", "ModelLatencyAlarm")

    with (
        following("ModelErrorsAlarm", shell, ID=relay.request(failing[0], "failed")) as errors,
        following("FailedInferencesAlarm", shell, "relayctl rollback") as failures,
        following("ModelLatencyAlarm", shell, "relayctl rollback") as latency,
    ):
        failures.names["ID"] = relay.request(refused[0], "failed")
        errors.see("deploy of", "server error (500)", "no memory")
        failures.see("client error (400)", refused[0], "the model refuses it")
        latency.see("1 of 1", "deploy of")

        assert "succeeded" in errors.do("relayctl rollback")
        errors.do("relayctl resubmit")
        failures.do("relayctl list --json")

        for key in (*failing, *refused):
            relay.request(key, "completed")
        errors.know("8 of these were resubmitted", never=OPEN)
        failures.know("completed", never=OPEN)
        latency.know("1 of 1", "rollback")
        relay.alarms("OK", "ModelErrorsAlarm", "FailedInferencesAlarm", "ModelLatencyAlarm")


def test_requests_wait_without_an_instance_and_expire(relay: RunbookStack, shell: Terminal) -> None:
    troubles.instances(relay, 0)
    keys = [relay.upload() for _ in range(2)]
    ids = [relay.request(each, "submitted") for each in keys]
    troubles.pass_seconds(relay, 120)
    relay.alarms("ALARM", "OldestRequestAlarm")

    with (
        following("OldestRequestAlarm", shell) as waiting,
        following("ExpiredRequestsAlarm", shell, ID=ids[0]) as expired,
    ):
        waiting.see("0 of 0", "2 requests", "submitted 2")
        waiting.do("relayctl pause submit")

        troubles.pass_seconds(relay, 600)
        relay.alarms("ALARM", "ExpiredRequestsAlarm")
        expired.see(*keys, "The request expired", "state failed")
        troubles.instances(relay, 1)
        waiting.do("relayctl resume submit")
        expired.do("relayctl resubmit --state expired")
        expired.do("relayctl resubmit --state failed")

        expired.know("of these were resubmitted", never=OPEN)
        relay.alarms("OK", "OldestRequestAlarm", "ExpiredRequestsAlarm")
        # CloudWatch shows the greatest backlog of a minute.
        waiting.know("1 of 1", "0 requests")


def test_sagemaker_may_not_publish_notifications(
    relay: RunbookStack, shell: Terminal, stack: RunningStack
) -> None:
    before = read_counters(stack.settings)["notification_failures"]

    def refused() -> bool:
        relay.upload()
        return read_counters(stack.settings)["notification_failures"] > before

    with following("NotificationFailuresAlarm", shell, "relayctl deploy") as book:
        with relay.roles.without("EndpointExecutionRole", "PublishNotifications"):
            eventually(refused, SECONDS, "a notification that is refused", 1)
            relay.alarms("ALARM", "NotificationFailuresAlarm")
            book.see("EndpointExecutionRole", "submitted")

        book.names["KEY"] = relay.notified()
        book.know("notified: completed")


def test_a_topic_cannot_deliver(relay: RunbookStack, shell: Terminal) -> None:
    with troubles.paused(relay, "Route"):
        kept = relay.upload()
        notification = relay.take("NotificationQueue", kept)

    with following("DeliveryFailuresAlarm", shell) as book:
        with troubles.without_topics(relay):
            # MiniStack loses what it may not deliver. SNS has a dead-letter queue for it.
            relay.send("NotificationDeadLetterQueue", notification)
            book.see("NotificationQueue", kept)

        book.do("relayctl parked redrive")

        book.names["KEY"] = relay.upload()
        book.know("notified: completed", NONE_PARKED)
        relay.request(kept, "completed")


# --- functions -----------------------------------------------------------------------------------


def test_a_permission_is_missing(relay: RunbookStack, shell: Terminal) -> None:
    with following("AccessDeniedAlarm", shell) as book:
        with relay.roles.without("RouteRole", "SendResults"):
            held = relay.upload()
            relay.request(held, "held")
            with relay.roles.without("SubmitRole", "ClaimAttempts"):
                book.names["KEY"] = relay.upload()
                book.see("RouteRole", "SubmitRole", held, "not_submitted")

        book.know("no request of these options", "state completed")


def test_a_function_raises_an_unexpected_error(relay: RunbookStack, shell: Terminal) -> None:
    with troubles.paused(relay, "Route"):
        key = relay.upload()
        notification = relay.take("NotificationQueue", key)
    with following("UnexpectedErrorAlarm", shell, ID=relay.request(key, "submitted")) as book:
        with troubles.other_code(relay, "Route", troubles.WITHOUT_LOOK_UP):
            relay.deliver("Route", notification, age=60)
            book.see("TypeError at relay/route/route.py", "state submitted")

        book.do("relayctl parked redrive --reason TypeError")

        book.know(NONE_PARKED, "state completed")


def test_a_message_ends_the_function(relay: RunbookStack, shell: Terminal) -> None:
    with following("FunctionErrorsAlarm", shell) as book:

        def received() -> list[dict[str, str]]:
            return list(json.loads(book.do("aws sqs receive-message")).get("Messages", []))

        with (
            troubles.other_code(relay, "Submit", troubles.ENDED_BY_A_MESSAGE),
            troubles.attributes(relay, "SubmitQueue", VisibilityTimeout="2"),
        ):
            relay.send("SubmitQueue", "poison")
            book.see("SubmitFunction function-code")

            book.do("relayctl pause submit")
            [message] = eventually(received, SECONDS, "the message")
            assert message["Body"] == "poison"
            book.names["RECEIPT_HANDLE"] = message["ReceiptHandle"]
            book.do("aws sqs delete-message")
            book.do("relayctl resume submit")
            relay.request(relay.upload(), "completed")

        book.know("completed")


def test_the_route_document_is_not_valid(
    relay: RunbookStack, shell: Terminal, tmp_path: Path
) -> None:
    name = relay.outputs["RoutesParameterName"]
    relay.client("ssm").put_parameter(
        Name=name, Value='{"routes": [], "otherwis": {}}', Type="String", Overwrite=True
    )
    file = tmp_path / "routes.json"
    file.write_text(routes())

    key = relay.upload()
    book_names = {"FILE": str(file), "ID": relay.request(key, "completed")}
    with following("RoutesUnusableAlarm", shell, **book_names) as book:
        book.see("otherwis is not known", "is in force")

        book.do("relayctl routes set")

        book.know("completed", never=("otherwis is not known",))

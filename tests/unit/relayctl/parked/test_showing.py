"""`relayctl parked` and `relayctl parked show`."""

import json
from pathlib import Path

import pytest

from local.ministack.failed_invocations import record
from tests.support.relayctl.commands import Commands
from tests.support.relayctl.dead_letters import FakeQueues, parked_attributes, refusal

EVENTS = Path(__file__).parents[4] / "events"


def s3_event() -> str:
    event = json.loads((EVENTS / "submit/s3-via-sqs.json").read_text())
    return str(event["Records"][0]["body"])


class TestParked:
    def test_counts_by_queue_and_reason(self, queues: FakeQueues, relayctl: Commands) -> None:
        for number in range(23):
            reason = "not JSON" if number else "no record"
            queues.put("SubmitDeadLetterQueue", "x", attributes=parked_attributes(reason))
        queues.put("ResultDeadLetterQueue", "{}", group="g", moved_from="CompletedQueue")

        ended = relayctl("parked", "--json")

        assert ended.exit == 1
        assert ended.document["total"] == 24
        counts = [
            (each["queue"], each["reason"], each["messages"]) for each in ended.document["groups"]
        ]
        assert counts == [
            ("submit", "no record", 1),
            ("submit", "not JSON", 22),
            ("results", "received too often from relay-completed.fifo without being deleted", 1),
        ]

    def test_gives_every_message_back_after_one_receive(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        for _ in range(23):
            queues.put("SubmitDeadLetterQueue", "x")

        relayctl("parked")

        messages = queues.on("SubmitDeadLetterQueue")
        assert {(each.visible, each.receives) for each in messages} == {(True, 1)}

    def test_prints_a_line_for_each_reason(self, queues: FakeQueues, relayctl: Commands) -> None:
        queues.put("SubmitDeadLetterQueue", "x", attributes=parked_attributes("not [red]JSON"))

        header, line = relayctl("parked").out.splitlines()

        assert header.split() == ["queue", "messages", "oldest", "newest", "sent", "by", "reason"]
        assert line.split()[:2] == ["submit", "1"]
        assert line.endswith("relay    not [red]JSON")

    def test_says_that_there_is_none(self, queues: FakeQueues, relayctl: Commands) -> None:
        ended = relayctl("parked")

        assert ended.exit == 0
        names = "submit, notifications, results, reconcile, provision"
        assert ended.out.strip() == f"no message is parked on {names}"

    def test_ends_with_1_if_other_readers_have_all(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", "x").visible = False

        ended = relayctl("parked", "--queue", "submit")

        assert ended.exit == 1
        assert ended.out.strip() == "no message could be read on submit"

    def test_says_how_many_it_could_not_read(self, queues: FakeQueues, relayctl: Commands) -> None:
        for _ in range(12):
            queues.put("ResultDeadLetterQueue", "{}", group="one", moved_from="CompletedQueue")
        queues.put("SubmitDeadLetterQueue", "x").visible = False

        ended = relayctl("parked", "--json")

        assert ended.document["total"] == 10
        assert ended.document["unseen"] == {"results": 2, "submit": 1}
        text = " ".join(ended.err.split())
        assert "results: about 2 more could not be read" in text
        assert "behind others of their message group" in text
        assert "submit: about 1 more could not be read: another reader has received them" in text

    def test_counts_the_others_if_a_queue_was_deleted(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", "x")
        queues.delete("ProvisionDeadLetterQueue")

        ended = relayctl("parked", "--json")

        assert ended.exit == 1
        assert ended.document["total"] == 1
        assert ended.document["gone"] == ["provision"]
        assert "provision: the queue provision-dlq does not exist" in " ".join(ended.err.split())

    def test_ends_with_1_if_a_queue_was_deleted_and_the_others_are_empty(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.delete("ReconcileDeadLetterQueue")

        ended = relayctl("parked")

        assert ended.exit == 1
        names = "submit, notifications, results, provision"
        assert ended.out.strip() == f"no message is parked on {names}"

    def test_says_nothing_else_if_the_only_queue_was_deleted(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.delete("ReconcileDeadLetterQueue")

        ended = relayctl("parked", "--queue", "reconcile")

        assert (ended.exit, ended.out) == (1, "")
        assert "reconcile: the queue reconcile-dlq does not exist" in " ".join(ended.err.split())

    def test_refuses_a_queue_that_is_none(self, queues: FakeQueues, relayctl: Commands) -> None:
        ended = relayctl("parked", "--queue", "completed")

        assert ended.exit == 2
        assert "the dead-letter queues are submit, notifications" in " ".join(ended.err.split())

    @pytest.mark.parametrize("when", [1, 2, 3])
    def test_gives_messages_back_when_it_fails(
        self, queues: FakeQueues, relayctl: Commands, when: int
    ) -> None:
        for _ in range(23):
            queues.put("SubmitDeadLetterQueue", "x")
        calls: list[str] = []

        def fail(operation: str, url: str) -> None:
            if operation == "receive_message" and url.endswith("/submit-dlq"):
                calls.append(operation)
                if len(calls) == when:
                    raise refusal("KMS.DisabledException", "ReceiveMessage")

        queues.before = fail
        ended = relayctl("parked")

        assert ended.exit == 3
        assert "KMS.DisabledException in this test" in ended.err
        assert all(each.visible for each in queues.on("SubmitDeadLetterQueue"))

    def test_refuses_options_before_the_command_of_the_group(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        ended = relayctl("parked", "--json", "show")

        assert ended.exit == 2
        assert "write --json after show" in ended.err


class TestShow:
    def test_names_the_input_of_an_upload(self, queues: FakeQueues, relayctl: Commands) -> None:
        message = queues.put(
            "SubmitDeadLetterQueue", s3_event(), attributes=parked_attributes("given up")
        )

        ended = relayctl("parked", "show", message.id)

        assert ended.exit == 0
        text = " ".join(ended.out.split())
        assert f"{message.id} on submit reason given up" in text
        assert "parked 2026-11-20 12:00:00 by relay, received 1 times" in text
        assert "about s3://relay-data-000000000000-us-east-1/inputs/" in text
        assert '"eventName": "ObjectCreated:Put"' in text

    def test_unwraps_lambdas_records(self, queues: FakeQueues, relayctl: Commands) -> None:
        event = json.loads((EVENTS / "submit/s3-direct.json").read_text())
        failure = {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}
        body = record("relay-submit", event, {"body": failure})
        queues.put("SubmitDeadLetterQueue", json.dumps(body))

        (message,) = relayctl("parked", "show", "--json").document["messages"]

        assert message["sender"] == "Lambda"
        assert message["reason"] == "Runtime.ExitError: signal: killed"
        assert message["content"] == event
        assert message["about"][0].startswith("s3://")

    def test_names_lambdas_condition_where_there_is_no_response(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", json.dumps(record("relay-submit", {}, {})))

        (message,) = relayctl("parked", "show", "--json").document["messages"]

        assert message["reason"] == "Lambda gave up: RetriesExhausted"

    def test_unwraps_what_sns_could_not_deliver(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        event = json.loads((EVENTS / "route/completed-via-sqs.json").read_text())
        queues.put("NotificationDeadLetterQueue", event["Records"][0]["body"])

        (message,) = relayctl("parked", "show", "--json").document["messages"]

        assert (message["sender"], message["reason"]) == ("SNS", "SNS could not deliver it")
        assert message["content"]["invocationStatus"] == "Completed"
        assert message["about"] == [message["content"]["inferenceId"]]

    def test_reads_the_attributes_of_eventbridge(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        attributes = {
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": "not allowed",
            "RULE_ARN": "a",
        }
        queues.put("SubmitDeadLetterQueue", "{}", attributes=attributes)

        (message,) = relayctl("parked", "show", "--json").document["messages"]

        assert (message["sender"], message["reason"]) == (
            "EventBridge",
            "NO_PERMISSIONS: not allowed",
        )

    @pytest.mark.parametrize("body", ["", "null", "[1]", "{", '"text"', '{"requestContext": 1}'])
    def test_shows_any_body(self, queues: FakeQueues, relayctl: Commands, body: str) -> None:
        for queue in (
            "SubmitDeadLetterQueue",
            "NotificationDeadLetterQueue",
            "ProvisionDeadLetterQueue",
        ):
            queues.put(queue, body)

        assert relayctl("parked", "show").exit == 0

    def test_selects_by_reason_in_any_case(self, queues: FakeQueues, relayctl: Commands) -> None:
        for reason in ("not JSON", "no route"):
            queues.put("SubmitDeadLetterQueue", "x", attributes=parked_attributes(reason))

        ended = relayctl("parked", "show", "--reason", "json", "--json")

        assert [each["reason"] for each in ended.document["messages"]] == ["not JSON"]

    def test_an_id_that_is_gone_needs_a_person(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        ended = relayctl("parked", "show", "gone")

        assert ended.exit == 1
        assert "no dead-letter queue has a message gone" in " ".join(ended.err.split())

    def test_hides_what_permits_a_response_to_cloudformation(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        properties = {"ModelEnvironment": '{"PASSWORD": "hunter2"}', "EndpointName": "relay"}
        event = {"ResponseURL": "https://secret", "ResourceProperties": properties}
        body = json.dumps(record("relay-provision", event, {}))
        queues.put("ProvisionDeadLetterQueue", body)
        queues.put("ProvisionDeadLetterQueue", body[:-1])

        for ended in (relayctl("parked", "show"), relayctl("parked", "show", "--json")):
            assert "secret" not in ended.out
            assert "hunter2" not in ended.out
            assert "EndpointName" in ended.out

    def test_cuts_a_long_body_for_a_person_alone(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", "x" * 5_000)

        assert "(5,000 characters; --json prints all)" in relayctl("parked", "show").out
        document = relayctl("parked", "show", "--json").document
        assert document["messages"][0]["content"] == "x" * 5_000

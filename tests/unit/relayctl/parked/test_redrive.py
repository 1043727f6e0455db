"""What `relayctl parked redrive` sends, and where to."""

import json

import pytest
from relay.events.envelopes import read_submissions

from local.ministack.failed_invocations import record
from tests.support.relayctl.commands import Commands
from tests.support.relayctl.dead_letters import QUEUES, URL, FakeQueues, parked_attributes


def request_ids(body: str, message_id: str) -> list[str]:
    """Return the ids of the requests of a message on the submit queue."""
    message = {"eventSource": "aws:sqs", "messageId": message_id, "body": body}
    (incoming,) = read_submissions({"Records": [message]}, "invocation")
    assert incoming.problem is None
    return [each.id for each in incoming.contents]


class TestRedrive:
    @pytest.mark.parametrize(
        ("queue", "source"),
        [
            ("SubmitDeadLetterQueue", "SubmitQueue"),
            ("NotificationDeadLetterQueue", "NotificationQueue"),
        ],
    )
    def test_sends_the_body_to_the_source_and_deletes_the_message(
        self, queues: FakeQueues, relayctl: Commands, queue: str, source: str
    ) -> None:
        for number in range(23):
            queues.put(queue, f"body {number}", attributes=parked_attributes("not JSON"))

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "redriven 23 messages"
        assert queues.on(queue) == []
        assert queues.sent == [
            (URL + QUEUES[source], {"MessageBody": f"body {number}"}) for number in range(23)
        ]

    def test_sends_lambdas_record_as_it_is(self, queues: FakeQueues, relayctl: Commands) -> None:
        """Its requests keep the ids that they had in the invocation."""
        body = json.dumps(record("relay-submit", {"body": "1,2"}, {}))
        queues.put("SubmitDeadLetterQueue", body)

        relayctl("parked", "redrive", "--yes")

        assert queues.sent[0][1]["MessageBody"] == body

    @pytest.mark.parametrize(
        "call", ['{"body": "1"}', '{"requests": [{"body": "1"}]}', '[{"body":"1"}]']
    )
    def test_gives_a_call_without_ids_the_same_ids_when_it_is_sent_twice(
        self, queues: FakeQueues, relayctl: Commands, call: str
    ) -> None:
        queues.put("SubmitDeadLetterQueue", call, attributes=parked_attributes("given up"))
        queues.put("SubmitDeadLetterQueue", call, attributes=parked_attributes("given up"))

        relayctl("parked", "redrive", "--yes")

        first, second = (members["MessageBody"] for _, members in queues.sent)
        assert request_ids(first, "new-1") == request_ids(first, "new-2")
        assert request_ids(first, "new-1") != request_ids(second, "new-1")

    @pytest.mark.parametrize(
        "body",
        [
            '{"body": "1", "request_id": "mine"}',
            '{"eventSource": "async-inference-relay", "requests": [{"body": "1"}]}',
            '{"Type": "Notification", "TopicArn": "a", "Message": "{\\"body\\": 1}"}',
            "not JSON",
        ],
    )
    def test_sends_what_has_ids_as_it_is(
        self, queues: FakeQueues, relayctl: Commands, body: str
    ) -> None:
        queues.put("SubmitDeadLetterQueue", body, attributes=parked_attributes("given up"))

        relayctl("parked", "redrive", "--yes")

        assert queues.sent[0][1]["MessageBody"] == body

    def test_returns_a_result_in_its_group_with_an_id_of_its_own(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        for body in ("first", "second"):
            queues.put(
                "ResultDeadLetterQueue",
                body,
                group="team",
                attributes={"route": "completed"},
                moved_from="CompletedQueue",
            )

        assert relayctl("parked", "redrive", "--yes").exit == 0

        assert queues.sent == [
            (
                URL + "relay-completed.fifo",
                {
                    "MessageBody": body,
                    "MessageAttributes": {
                        "route": {"DataType": "String", "StringValue": "completed"}
                    },
                    "MessageGroupId": "team",
                    "MessageDeduplicationId": f"redrive-id-{number}",
                },
            )
            for number, body in ((1, "first"), (2, "second"))
        ]

    def test_lets_no_result_overtake_one_of_its_group(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        for number in range(12):
            queues.put(
                "ResultDeadLetterQueue",
                f"{number}",
                group="slow" if number % 2 else "fast",
                moved_from="CompletedQueue",
            )
        queues.refused = {"1"}

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert {members["MessageGroupId"] for _, members in queues.sent} == {"fast"}
        assert "a message before it in its message group was not sent" in " ".join(
            ended.err.split()
        )
        assert {each.body for each in queues.on("ResultDeadLetterQueue")} >= {
            "1",
            "3",
            "5",
            "7",
            "9",
        }

    def test_touches_only_what_is_selected(self, queues: FakeQueues, relayctl: Commands) -> None:
        for number in range(30):
            reason = "not JSON" if number % 3 else "no permission"
            queues.put("SubmitDeadLetterQueue", f"{number}", attributes=parked_attributes(reason))

        relayctl("parked", "redrive", "--reason", "no permission", "--yes")

        assert [int(members["MessageBody"]) for _, members in queues.sent] == [*range(0, 30, 3)]
        left = queues.on("SubmitDeadLetterQueue")
        assert len(left) == 20
        assert all(each.visible for each in left)

    def test_divides_large_messages_over_calls(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        calls: list[str] = []
        queues.before = lambda operation, _: calls.append(operation)
        for _ in range(4):
            queues.put("SubmitDeadLetterQueue", "x" * 200_000)

        relayctl("parked", "redrive", "--yes")

        assert calls.count("send_message_batch") == 4

    def test_is_repeated_without_effect(self, queues: FakeQueues, relayctl: Commands) -> None:
        message = queues.put("SubmitDeadLetterQueue", "x")
        relayctl("parked", "redrive", message.id, "--yes")

        again = relayctl("parked", "redrive", message.id, "--yes")

        assert again.exit == 1
        assert len(queues.sent) == 1

"""`relayctl parked redrive` and `relayctl parked drop`."""

import json
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from relay.events.envelopes import read_submissions

from local.ministack.failed_invocations import record
from relayctl.parked.reading import Reader
from tests.support.relayctl.commands import Commands, words
from tests.support.relayctl.dead_letters import QUEUES, URL, FakeQueues, parked_attributes, refusal


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

    @pytest.mark.parametrize(
        ("queue", "why"),
        [
            ("ReconcileDeadLetterQueue", "the next invocation of reconcile continues"),
            ("ProvisionDeadLetterQueue", "provision takes up requests of CloudFormation"),
            ("ResultDeadLetterQueue", "SQS does not say from which queue it came"),
        ],
    )
    def test_leaves_what_has_no_redrive_and_says_why(
        self, queues: FakeQueues, relayctl: Commands, queue: str, why: str
    ) -> None:
        queues.put(queue, "{}", group="g")

        ended = relayctl("parked", "redrive", "--json", "--yes")

        assert ended.exit == 1
        assert why in ended.document["left"][0]["why"]
        assert queues.sent == []
        assert [each.visible for each in queues.on(queue)] == [True]

    def test_leaves_a_message_whose_body_is_cut(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        attributes = {"cut": "253952 of 300000 bytes"}
        queues.put("SubmitDeadLetterQueue", "{", attributes=attributes)

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert "its body is cut (253952 of 300000 bytes)" in " ".join(ended.err.split())

    def test_leaves_a_result_whose_queue_is_gone(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("ResultDeadLetterQueue", "{}", group="g", moved_from="CompletedQueue")
        del queues.messages[URL + "relay-completed.fifo"]

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert "the queue relay-completed.fifo does not exist any more" in ended.err

    def test_redrives_the_others_if_a_dead_letter_queue_was_deleted(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", "x")
        queues.delete("ResultDeadLetterQueue")

        ended = relayctl("parked", "redrive", "--yes", "--json")

        assert ended.exit == 1
        assert len(ended.document["redriven"]) == 1
        assert ended.document["gone"] == ["results"]
        assert "results: the queue results-dlq.fifo does not exist" in " ".join(ended.err.split())

    def test_leaves_what_is_deleted_with_its_queue_in_the_meantime(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        for queue in ("SubmitDeadLetterQueue", "NotificationDeadLetterQueue"):
            queues.put(queue, "x")

        def delete(operation: str, url: str) -> None:
            if operation == "send_message_batch" and url.endswith("submit"):
                queues.delete("NotificationDeadLetterQueue")

        queues.before = delete
        ended = relayctl("parked", "redrive", "--yes", "--json")

        assert ended.exit == 1
        assert len(ended.document["redriven"]) == 1
        (left,) = ended.document["left"]
        assert left["queue"] == "notifications"
        assert "does not exist any more" in left["why"]

    def test_keeps_what_the_queue_refuses(self, queues: FakeQueues, relayctl: Commands) -> None:
        for body in ("bad", "good"):
            queues.put("SubmitDeadLetterQueue", body)
        queues.refused = {"bad"}

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert "left 1 of submit: InvalidMessageContents" in " ".join(ended.err.split())
        assert [(each.body, each.visible) for each in queues.on("SubmitDeadLetterQueue")] == [
            ("bad", True)
        ]

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

    def test_deletes_nothing_that_was_not_sent(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        for _ in range(3):
            queues.put("SubmitDeadLetterQueue", "x")

        def fail(operation: str, _: str) -> None:
            if operation == "send_message_batch":
                raise refusal("AccessDenied", "SendMessageBatch")

        queues.before = fail
        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert "AccessDenied in this test" in " ".join(ended.err.split())
        assert [each.visible for each in queues.on("SubmitDeadLetterQueue")] == [True] * 3

    @pytest.mark.parametrize(
        ("queue", "what_follows"),
        [
            ("SubmitDeadLetterQueue", "once more, which the relay recognises"),
            ("ResultDeadLetterQueue", "once more; a result reaches its consumer again"),
        ],
    )
    def test_says_what_was_sent_if_nothing_can_be_deleted(
        self, queues: FakeQueues, relayctl: Commands, queue: str, what_follows: str
    ) -> None:
        for _ in range(13):
            queues.put(queue, "x", group="g", moved_from="CompletedQueue")

        def fail(operation: str, _: str) -> None:
            if operation == "delete_message_batch":
                raise refusal("AccessDenied", "DeleteMessageBatch")

        queues.before = fail
        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 3
        said = words(ended.err)
        assert "redriven 0 messages; repeat to go on" in said
        assert "10 messages sent, but not deleted: repeating sends what is still parked" in said
        assert what_follows in said
        assert len(queues.sent) == 10
        assert all(each.visible for each in queues.on(queue))

    def test_says_which_messages_sqs_kept(
        self, queues: FakeQueues, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            queues.put("NotificationDeadLetterQueue", "x")
        failed = {"Failed": [{"Id": "1", "Code": "ReceiptHandleIsInvalid"}]}
        monkeypatch.setattr(queues, "delete_message_batch", lambda **_: failed)

        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 1
        assert ended.out.strip() == "redriven 2 messages"
        assert "left 1 of notifications: not deleted: ReceiptHandleIsInvalid" in words(ended.err)
        assert "1 message sent, but not deleted: repeating sends" in words(ended.err)


class TestAnInterruption:
    @pytest.fixture
    def interrupt(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
        """Send SIGINT, as a terminal does, and return when the command has noticed.

        A shell starts what is in the background with the signal ignored, and so may these tests be.
        """
        noticed = threading.Event()
        stop = Reader.stop

        def stopped(reader: Reader) -> None:
            stop(reader)
            noticed.set()

        monkeypatch.setattr(Reader, "stop", stopped)

        def interrupt() -> None:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert noticed.wait(10)

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield interrupt
        signal.signal(signal.SIGINT, before)

    @pytest.mark.parametrize("operation", ["send_message_batch", "delete_message_batch"])
    def test_finishes_the_batch_and_gives_the_rest_back(
        self,
        queues: FakeQueues,
        relayctl: Commands,
        interrupt: Callable[[], None],
        operation: str,
    ) -> None:
        for number in range(35):
            queues.put("SubmitDeadLetterQueue", f"{number}")
        calls: list[str] = []

        def second(name: str, _: str) -> None:
            calls.append(name)
            if name == operation and calls.count(operation) == 2:
                interrupt()

        queues.before = second
        ended = relayctl("parked", "redrive", "--yes")

        assert ended.exit == 130
        assert "redriven 20 messages; repeat to go on" in " ".join(ended.err.split())
        left = queues.on("SubmitDeadLetterQueue")
        assert len(queues.sent) == 20
        assert [each.body for each in left] == [f"{number}" for number in range(20, 35)]
        assert all(each.visible for each in left)

        queues.before = lambda *_: None
        assert relayctl("parked", "redrive", "--yes").exit == 0
        bodies = [members["MessageBody"] for _, members in queues.sent]
        assert sorted(bodies, key=int) == [f"{number}" for number in range(35)]

    def test_of_the_count_gives_all_back(
        self, queues: FakeQueues, relayctl: Commands, interrupt: Callable[[], None]
    ) -> None:
        for _ in range(35):
            queues.put("SubmitDeadLetterQueue", "x")

        def third(name: str, url: str) -> None:
            hidden = sum(not each.visible for each in queues.messages[url])
            if name == "receive_message" and hidden == 20:
                interrupt()

        queues.before = third
        ended = relayctl("parked")

        assert ended.exit == 130
        assert all(each.visible for each in queues.on("SubmitDeadLetterQueue"))


class TestDrop:
    def test_deletes_what_is_selected(self, queues: FakeQueues, relayctl: Commands) -> None:
        messages = [queues.put("SubmitDeadLetterQueue", "x") for _ in range(3)]

        ended = relayctl("parked", "drop", messages[1].id, "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "dropped 1 message"
        assert queues.on("SubmitDeadLetterQueue") == [messages[0], messages[2]]
        assert queues.sent == []

    def test_needs_a_selection(self, queues: FakeQueues, relayctl: Commands) -> None:
        ended = relayctl("parked", "drop", "--yes")

        assert ended.exit == 2
        assert "by ids, --queue or --reason" in ended.err

    @pytest.mark.parametrize("command", ["drop", "redrive"])
    def test_asks_with_counts(self, queues: FakeQueues, relayctl: Commands, command: str) -> None:
        for _ in range(3):
            queues.put("SubmitDeadLetterQueue", "x")

        ended = relayctl("parked", command, "--queue", "submit")

        assert ended.exit == 2
        assert "3 messages (3 of submit)" in ended.err
        assert "There is no terminal to ask on: add --yes" in " ".join(ended.err.split())
        assert len(queues.on("SubmitDeadLetterQueue")) == 3

    @pytest.mark.parametrize("command", ["drop", "redrive"])
    def test_ends_with_1_if_other_readers_have_what_was_selected(
        self, queues: FakeQueues, relayctl: Commands, command: str
    ) -> None:
        for _ in range(3):
            queues.put("SubmitDeadLetterQueue", "x").visible = False
        queues.put("SubmitDeadLetterQueue", "x")

        ended = relayctl("parked", command, "--queue", "submit", "--yes", "--json")

        assert ended.exit == 1
        assert ended.document["unseen"] == {"submit": 3}
        assert len(queues.on("SubmitDeadLetterQueue")) == 3

    def test_ends_with_0_if_other_readers_have_none_of_the_ids(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        queues.put("SubmitDeadLetterQueue", "x").visible = False
        message = queues.put("SubmitDeadLetterQueue", "x")

        assert relayctl("parked", "drop", message.id, "--yes").exit == 0

    def test_says_that_another_reader_has_a_message(
        self, queues: FakeQueues, relayctl: Commands
    ) -> None:
        message = queues.put("SubmitDeadLetterQueue", "x")

        def taken(operation: str, _: str) -> None:
            if message.receives and operation == "receive_message":
                message.visible = False

        queues.before = taken
        ended = relayctl("parked", "drop", "--queue", "submit", "--yes")

        assert ended.exit == 1
        assert "another reader has received or deleted it" in " ".join(ended.err.split())

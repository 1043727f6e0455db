"""What `relayctl parked redrive` leaves, and how it says so."""

import pytest

from tests.support.relayctl.commands import Commands, words
from tests.support.relayctl.dead_letters import URL, FakeQueues, refusal


class TestWhatIsLeft:
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

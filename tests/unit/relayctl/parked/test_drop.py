"""`relayctl parked drop`."""

import pytest

from tests.support.relayctl.commands import Commands
from tests.support.relayctl.dead_letters import FakeQueues


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

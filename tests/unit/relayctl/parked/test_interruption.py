"""`relayctl parked redrive` and `drop` that are interrupted."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from relayctl.parked.reading import Reader
from tests.support.relayctl.commands import Commands
from tests.support.relayctl.dead_letters import FakeQueues


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

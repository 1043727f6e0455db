"""Batches in regions, and for targets, that take less than the newest limits."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from relay.aws.messaging.buses import Buses
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import Queues
from relay.aws.messaging.topics import Topics
from relay.errors import MessageTooLong, PermanentError, TransientError, UnexpectedError
from relay.model import OutgoingMessage

from tests.support.fakes.budgets import ample
from tests.support.samples import SUBMIT_QUEUE
from tests.support.sqs_limits import LimitedSqs

KIBIBYTE = 1_024
OTHER_QUEUE = f"{SUBMIT_QUEUE}-other"
# Without a limit in them, and with one that cannot be.
WORDS = [None, "", "Batch requests cannot be longer than 9999999 bytes."]


def outbox(sqs: LimitedSqs) -> AwsOutbox:
    service = Queues(cast(Any, sqs))
    return AwsOutbox(lambda _: service, ample())


def message(key: str, size: int = 1, address: str = SUBMIT_QUEUE) -> OutgoingMessage:
    """Its body begins with its key."""
    return OutgoingMessage(key, address, key.ljust(size, "."))


def keys(sqs: LimitedSqs) -> list[list[str]]:
    return [[body.rstrip(".") for body in call] for call in sqs.taken]


@pytest.mark.parametrize("words", WORDS)
def test_a_batch_that_is_too_long_for_the_region_is_sent_in_smaller_ones(
    words: str | None,
) -> None:
    sqs = LimitedSqs(256 * KIBIBYTE, words=words)

    assert outbox(sqs).send([message(key, 100 * KIBIBYTE) for key in "abcdefghij"]) == {}

    assert keys(sqs) == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"], ["i", "j"]]


def test_what_a_queue_takes_is_asked_for_once() -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)
    sender = outbox(sqs)
    batch = [message(key, 100 * KIBIBYTE) for key in "abcdefghij"]

    sender.send(batch)
    assert sqs.calls == 1 + 5
    sender.send(batch)
    assert sqs.calls == 1 + 5 + 5


def test_another_queue_may_take_more() -> None:
    small, large = LimitedSqs(256 * KIBIBYTE), LimitedSqs(1_024 * KIBIBYTE)
    services = {SUBMIT_QUEUE: Queues(cast(Any, small)), OTHER_QUEUE: Queues(cast(Any, large))}
    sender = AwsOutbox(lambda address: services[str(address)], ample())
    batch = [message(key, 100 * KIBIBYTE) for key in "abcdefghij"]

    assert sender.send([*batch, *(message(m.key, 1, OTHER_QUEUE) for m in batch)]) == {}

    assert (small.calls, large.calls) == (6, 1)


@pytest.mark.parametrize("words", WORDS)
def test_a_queue_that_refuses_every_batch_costs_a_bounded_number_of_calls(
    words: str | None,
) -> None:
    sqs = LimitedSqs(0, words=words)

    failures = outbox(sqs).send([message(key, 1_000) for key in "abcdefghij"])

    assert {type(error) for error in failures.values()} == {MessageTooLong}
    assert sorted(failures) == list("abcdefghij")
    assert sqs.calls < 20


def test_a_message_that_a_queue_does_not_take_fails_alone_and_says_what_it_takes() -> None:
    sqs = LimitedSqs(1_024 * KIBIBYTE, message_bytes=256 * KIBIBYTE)

    failures = outbox(sqs).send([message("a"), message("large", 300 * KIBIBYTE), message("b")])

    assert list(failures) == ["large"]
    assert isinstance(failures["large"], MessageTooLong)
    assert "Message must be shorter than 262144 bytes" in str(failures["large"])
    assert keys(sqs) == [["a", "b"]]


def test_a_message_that_makes_every_batch_too_long_holds_back_no_other() -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)

    failures = outbox(sqs).send([message("a"), message("large", 300 * KIBIBYTE), message("b")])

    assert {key: type(error) for key, error in failures.items()} == {"large": MessageTooLong}
    assert keys(sqs) == [["a"], ["b"]]


def test_a_message_is_tried_again_where_one_was_too_long() -> None:
    """Its owner may have raised the limit of the queue."""
    sqs = LimitedSqs(256 * KIBIBYTE)
    sender = outbox(sqs)

    for _ in range(2):
        assert set(sender.send([message("large", 300 * KIBIBYTE)])) == {"large"}

    assert sqs.calls == 2


class Refusing:
    """A topic's or a bus's client that takes one entry at a time, or refuses with an error."""

    def __init__(self, code: str, words: str) -> None:
        self.calls: list[int] = []
        self._error = {"Error": {"Code": code, "Message": words}}

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: Any) -> Any:  # noqa: N803
        self._count(PublishBatchRequestEntries)
        return {"Successful": [{"Id": entry["Id"]} for entry in PublishBatchRequestEntries]}

    def put_events(self, Entries: Any) -> Any:  # noqa: N803
        self._count(Entries)
        return {"Entries": [{"EventId": "e"} for _ in Entries]}

    def _count(self, entries: Any) -> None:
        self.calls.append(len(entries))
        if len(entries) > 1:
            raise ClientError(cast(Any, self._error), "Operation")


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (Topics, "BatchRequestTooLong", "The batch request is too long"),
        (Topics, "InvalidParameter", "Invalid parameter: Message too long"),
        (
            Buses,
            "ValidationException",
            "Total size of the entries in the request is over the limit.",
        ),
    ],
)
def test_topics_and_buses_that_take_less_are_sent_smaller_batches(
    kind: Any, code: str, words: str
) -> None:
    client = Refusing(code, words)
    sender = AwsOutbox(lambda _: kind(client), ample())

    assert sender.send([message(key, 1_000) for key in "abcd"]) == {}

    assert client.calls == [4, 2, 1, 1, 1, 1]


def test_an_error_between_two_batches_stops_the_rest() -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)
    answers = sqs.send_message_batch

    def throttled_after_two(**request: Any) -> Any:
        if sqs.calls == 2:
            raise ClientError(
                {"Error": {"Code": "ThrottlingException", "Message": ""}}, "SendMessageBatch"
            )
        return answers(**request)

    sqs.send_message_batch = throttled_after_two  # type: ignore[assignment,method-assign]

    failures = outbox(sqs).send([message(key, 100 * KIBIBYTE) for key in "abcdef"])

    assert {key: type(error) for key, error in failures.items()} == dict.fromkeys(
        "cdef", TransientError
    )


def test_a_message_that_cannot_be_encoded_harms_no_other() -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)

    failures = outbox(sqs).send([message("a"), OutgoingMessage("b", SUBMIT_QUEUE, "\ud800")])

    assert {key: type(error) for key, error in failures.items()} == {"b": UnexpectedError}
    assert keys(sqs) == [["a"]]


def test_a_call_that_raises_an_unexpected_error_is_made_for_each_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)
    send = sqs.send_message_batch

    def fails(**parameters: Any) -> Any:
        if any(entry["MessageBody"] == "b" for entry in parameters["Entries"]):
            raise RecursionError
        return send(**parameters)

    monkeypatch.setattr(sqs, "send_message_batch", fails)

    failures = outbox(sqs).send([message(key) for key in "abc"])

    assert {key: type(error) for key, error in failures.items()} == {"b": UnexpectedError}
    assert keys(sqs) == [["a"], ["c"]]


class Choosy(LimitedSqs):
    """Refuses a whole call with a message that it never takes."""

    def __init__(self, *bad: str, code: str = "InvalidMessageContents") -> None:
        super().__init__(256 * KIBIBYTE)
        self._bad, self._code = set(bad), code

    def send_message_batch(self, QueueUrl: str, Entries: Any) -> Any:  # noqa: N803
        if self._bad & {entry["MessageBody"] for entry in Entries}:
            self.calls += 1
            raise ClientError({"Error": {"Code": self._code, "Message": ""}}, "SendMessageBatch")
        return super().send_message_batch(QueueUrl, Entries)


@pytest.mark.parametrize("code", ["InvalidMessageContents", "InvalidParameterValue"])
def test_a_message_for_which_a_whole_call_is_refused_harms_no_other(code: str) -> None:
    sqs = Choosy("07", "09", code=code)
    names = [f"{number:02}" for number in range(30)]

    failures = outbox(sqs).send([message(name) for name in names])

    assert {key: type(error) for key, error in failures.items()} == dict.fromkeys(
        ("07", "09"), PermanentError
    )
    assert sorted(name for call in keys(sqs) for name in call) == sorted({*names} - {"07", "09"})
    assert sqs.calls == 1 + 10 + 2


def test_an_attribute_of_another_type_harms_no_other_message() -> None:
    sqs = LimitedSqs(256 * KIBIBYTE)
    odd = OutgoingMessage("b", SUBMIT_QUEUE, "b", attributes=(("route", cast(Any, 7)),))

    failures = outbox(sqs).send([message("a"), odd, message("c")])

    assert {key: type(error) for key, error in failures.items()} == {"b": UnexpectedError}
    assert keys(sqs) == [["a", "c"]]

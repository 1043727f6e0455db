"""What messages to queues and to topics have in common: SQS and SNS speak alike of both."""

from collections.abc import Iterable
from typing import NotRequired, TypedDict

from relay.aws.errors import classify_code
from relay.errors import RelayError
from relay.model import OutgoingMessage


class Refused(TypedDict):
    """An entry of a batch that the service did not take."""

    Id: str
    Code: str
    Message: NotRequired[str]


def message_bytes(message: OutgoingMessage) -> int:
    """What counts towards a limit: the body, and names, types and values of attributes."""
    attributes = sum(
        len(name) + len("String") + len(value.encode()) for name, value in message.attributes
    )
    return len(message.body.encode()) + attributes


def by_index(
    taken: Iterable[str], refused: Iterable[Refused], address: str
) -> dict[int, RelayError | None]:
    """A batch's answer, whose entries have their indices as ids: None for what was taken."""
    answers: dict[int, RelayError | None] = {int(entry_id): None for entry_id in taken}
    for entry in refused:
        answers[int(entry["Id"])] = classify_code(
            entry["Code"], entry.get("Message", ""), f"send to {address}"
        )
    return answers

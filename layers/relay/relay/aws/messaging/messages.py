"""Entries of batches to SQS and to SNS, which have the same members but for the body."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NotRequired, TypedDict, TypeVar

from relay.aws.errors import classify_code
from relay.errors import RelayError
from relay.model import OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_Entry = TypeVar("_Entry", "PublishBatchRequestEntryTypeDef", "SendMessageBatchRequestEntryTypeDef")


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


def with_attributes(entry: _Entry, message: OutgoingMessage) -> _Entry:
    """The entry with the members that both services name alike.

    Both services refuse an attribute with an empty value, so such an attribute is left out.
    """
    entry["MessageAttributes"] = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in message.attributes
        if value
    }
    if message.group_id is not None:
        entry["MessageGroupId"] = message.group_id
    if message.deduplication_id is not None:
        entry["MessageDeduplicationId"] = message.deduplication_id
    return entry


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

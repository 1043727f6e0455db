"""Message group ids out of whatever an expression gives."""

import hashlib
import json
import re
from typing import Final

# What SQS and SNS take: 1 to 128 letters, digits and ASCII punctuation.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
LONGEST_GROUP: Final = 128
_LEGAL = re.compile(r"[!-~]{1,128}")
_ILLEGAL_CHARACTER = re.compile(r"[^!-~]")


def group_id(value: object) -> str | None:
    """The group for a value, always the same for the same value; None where it names none.

    Null and what is empty name none. A text that is a legal id is kept as it is; any other text,
    and any other value as its JSON, is made legal and carries a digest, so that values that differ
    do not share a group.

    Raises:
        ValueError, TypeError, RecursionError: the value has no JSON.
    """
    if value is None or value == "" or value == [] or value == {}:
        return None
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, sort_keys=True, separators=(",", ":"))
    )
    if _LEGAL.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    readable = _ILLEGAL_CHARACTER.sub("_", text)[: LONGEST_GROUP - len(digest) - 1]
    return f"{readable}.{digest}"

"""Message group ids from the values of expressions."""

import hashlib
import json
import re
from typing import Final

from relay.routes.interpreter import MOST_STEPS, TooManySteps, weight

# Of SQS and SNS: 1 to 128 letters, digits and ASCII punctuation.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
LONGEST_GROUP: Final = 128
_LEGAL = re.compile(r"[!-~]{1,128}")
_ILLEGAL_CHARACTER = re.compile(r"[^!-~]")


def group_id(value: object) -> str | None:
    """Return the group of a value, the same for the same value; None for null and empty values.

    A string that is a valid id stays as it is. Other strings, and the JSON of other values, get
    their characters replaced and a digest appended, so that different values have different groups.

    Raises:
        TooManySteps: the value is too large.
        ValueError, TypeError, RecursionError: the value cannot be written as JSON.
    """
    if value is None or value == "" or value == [] or value == {}:
        return None
    if weight(value, MOST_STEPS) > MOST_STEPS:
        raise TooManySteps
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

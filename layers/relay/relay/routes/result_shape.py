"""The members that a result can have, for checking expressions.

`docs/reference/result.schema.json` describes them; a test compares both.
"""

from collections.abc import Mapping
from typing import Final

# The members of a member: {} for a string or a number; None where any can exist.
Shape = Mapping[str, "Shape"] | None


def _plain(*names: str) -> dict[str, Shape]:
    """Return members that have no members."""
    return {name: {} for name in names}


# The model's response.
_ANSWER: Final[Mapping[str, Shape]] = {
    "body": {
        **_plain("encoding"),
        "content": None,
        "inexact_integers": None,
        "inexact_decimals": None,
    },
    "body_omitted": _plain("reason", "size"),
}

_DATA: Final[Mapping[str, Shape]] = {
    **_plain("outcome", "request_id", "inference_id", "endpoint", "tracked", "attempts"),
    **_plain("resubmission_of"),
    "input": _plain("location", "version_id", "etag", "content_type"),
    "output": {**_plain("location", "content_type"), **_ANSWER},
    "failure": {**_plain("reason", "classification", "location"), **_ANSWER},
    "timing": _plain(
        "requested",
        "submitted",
        "received",
        "finished",
        "routed",
        "queued_ms",
        "sagemaker_ms",
        "total_ms",
    ),
    **_plain("custom_attributes"),
}

RESULT: Final[Mapping[str, Shape]] = {
    **_plain("specversion", "id", "source", "type", "subject", "time"),
    **_plain("dataschema", "datacontenttype"),
    "data": _DATA,
}

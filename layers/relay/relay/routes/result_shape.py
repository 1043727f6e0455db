"""Which members a result can have, for checking what people write about it.

`docs/result.schema.json` describes them all; a test holds this to it.
"""

from collections.abc import Mapping
from typing import Final

# The members below a member: none below a text or a number; None where they can be any.
Shape = Mapping[str, "Shape"] | None


def _plain(*names: str) -> dict[str, Shape]:
    """Members that have no members themselves."""
    return {name: {} for name in names}


_ANSWER: Final[Mapping[str, Shape]] = {
    "body": {**_plain("encoding"), "content": None},  # what the model said
    "body_omitted": _plain("reason", "size"),
}

_DATA: Final[Mapping[str, Shape]] = {
    **_plain("outcome", "request_id", "inference_id", "endpoint", "tracked", "attempts"),
    "input": _plain("location", "version_id", "content_type"),
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

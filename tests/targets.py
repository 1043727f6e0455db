"""Where results of the tests' stack go: as by default, and further on for certain inputs.

The targets themselves are made by the tests that need them; until then they cannot be reached.
"""

import json
from collections.abc import Sequence

_ACCOUNT = "us-east-1:000000000000"
OWN_COMPLETED = f"arn:aws:sqs:{_ACCOUNT}:relay-completed.fifo"
OWN_FAILED = f"arn:aws:sqs:{_ACCOUNT}:relay-failed.fifo"
ARCHIVE = f"arn:aws:sqs:{_ACCOUNT}:e2e-archive"
ORDERED = f"arn:aws:sqs:{_ACCOUNT}:e2e-ordered.fifo"
TOPIC = f"arn:aws:sns:{_ACCOUNT}:e2e-results"
BUS = f"arn:aws:events:{_ACCOUNT}:event-bus/e2e"
ABSENT = f"arn:aws:sqs:{_ACCOUNT}:e2e-absent"


def _about(folder: str) -> str:
    return f"contains(subject, '/inputs/{folder}/')"


_COMPLETED = {"name": "completed", "when": "data.outcome == 'completed'", "to": OWN_COMPLETED}
_FURTHER = (
    {"name": "archive", "when": _about("several"), "to": ARCHIVE},
    {"name": "topic", "when": _about("several"), "to": TOPIC},
    {"name": "bus", "when": _about("several"), "to": BUS},
    {
        "name": "ordered",
        "when": _about("ordered"),
        "to": ORDERED,
        "group": "data.custom_attributes",
    },
    {"name": "absent", "when": _about("absent"), "to": ABSENT},
)


def document(completed: str = OWN_COMPLETED) -> str:
    """The routes, with another target for completed results if wanted."""
    routes: Sequence[dict[str, str]] = ({**_COMPLETED, "to": completed}, *_FURTHER)
    return json.dumps({"routes": routes, "otherwise": {"to": OWN_FAILED}}, separators=(",", ":"))


PARAMETERS = (
    ("Routes", document()),
    ("RouteTargetArns", ",".join((ARCHIVE, ORDERED, TOPIC, BUS, ABSENT))),
)

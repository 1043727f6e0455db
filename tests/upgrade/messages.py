"""Messages of results, one of each outcome for each kind of target, as a version sends them.

`python messages.py record` makes them. With another version of the repository in PYTHONPATH, that
version's code does it. So this file uses only what both versions have, and as little of it as it
can.
"""

import json
import sys
from dataclasses import asdict
from typing import Any, Final

from relay.model import Outcome
from relay.routes.target import TargetKind

from tests.support.results.made_by_route import result, to
from tests.support.samples import attempt

Json = dict[str, Any]
ACTS: Final = {"record": lambda given: record()}


def record() -> list[Json]:
    """Return each message with its body and what is beside it."""
    return [
        _message(outcome, kind, tracked)
        for outcome in Outcome
        for kind in TargetKind
        for tracked in (True, False)
    ]


def _message(outcome: Outcome, kind: TargetKind, tracked: bool) -> Json:
    made = result(
        outcome,
        attempt() if tracked else None,
        failure_reason="the model failed",
        response_body=b'{"score": 0.81}',
        output_content_type="application/json",
    )
    message = asdict(made.to_message(to(kind)))
    return {
        "kind": kind.value,
        "body": json.loads(message["body"]),
        "attributes": dict(message["attributes"]),
        "detail_type": message["detail_type"],
        "resources": list(message["resources"]),
    }


if __name__ == "__main__":
    print(json.dumps(ACTS[sys.argv[1]](None)))

"""The smallest calls that need each permission of backfill. Each returns what was refused."""

import json
import time
from datetime import UTC, datetime
from uuid import uuid4

from local.stack.settings import REPOSITORY
from tests.e2e.permissions.scenarios import Scenarios

_SECONDS = 30.0
_SECONDS_BETWEEN_RUNS = 1.0


def preview(scenarios: Scenarios) -> str:
    """Lists objects of the inputs, of which there are none."""
    return scenarios.invoke("backfill", {"action": "preview", "prefix": f"inputs/{uuid4().hex}/"})


def start(scenarios: Scenarios) -> str:
    """Starts a backfill and cancels it, so that another one can be started."""
    return _started(scenarios, runs_until="")


def send(scenarios: Scenarios) -> str:
    """Runs a backfill of one object until something is refused, or until its end."""
    return _started(scenarios, runs_until="completed")


def _started(scenarios: Scenarios, runs_until: str) -> str:
    name = uuid4().hex
    prefix = f"inputs/{name}/"
    scenarios.upload(f"{prefix}row.csv")
    until = datetime.now(UTC).isoformat()
    call = {"action": "start", "name": name, "prefix": prefix, "modified_to": until}
    tick = json.loads((REPOSITORY / "events/backfill/schedule.json").read_text())
    deadline = time.monotonic() + _SECONDS
    try:
        if refused := scenarios.invoke("backfill", call):
            return refused
        scenarios.answer("backfill", call)  # the same call starts nothing again
        while runs_until and not refused:
            refused = scenarios.invoke("backfill", tick)
            answer = scenarios.answer("backfill", {"action": "status", "name": name})
            if answer["state"] == runs_until:
                break
            assert time.monotonic() < deadline, answer
            time.sleep(_SECONDS_BETWEEN_RUNS)
    finally:
        scenarios.invoke("backfill", {"action": "cancel", "name": name})
    return refused

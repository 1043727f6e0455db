"""The function backfill as the page of `relayctl console` calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.console.page import ConsoleDeployment

_RUNNING: Mapping[str, Any] = {
    "name": "year-2025",
    "state": "running",
    "percent": 41.2,
    "minutes_left": 2236,
    "next_step": "wait: requests are sent as fast as the endpoint ends them",
    "objects": 182_500,
    "bytes": 1_825_000_000,
    "sent": 75_240,
    "waiting": 52,
    "per_minute": 48.0,
    "ended": {"completed": 74_000, "failed": 3, "expired": 0, "rejected": 0, "unknown": 0},
    "selection": {
        "bucket": "relay-data",
        "prefix": "inputs/2025/",
        "modified_to": "2026-11-20T10:00:00+00:00",
    },
    "started_at": "2026-11-19T10:00:00+00:00",
}


@dataclass
class FakeBackfills:
    """Answers as docs/how-to/backfill.md describes it.

    A preview counts 200,000 objects at a time.
    """

    known: list[Mapping[str, Any]] = field(default_factory=lambda: [_RUNNING])
    asked: list[Mapping[str, object]] = field(default_factory=list)

    @classmethod
    def of(cls, deployment: ConsoleDeployment) -> Self:
        """Give a stack the function."""
        made = cls()
        outputs = {**deployment.outputs, "BackfillFunctionName": "relay-backfill"}
        deployment.__dict__["outputs"] = outputs
        deployment.functions_answer["BackfillFunctionName"] = made
        return made

    def __call__(self, request: Mapping[str, object]) -> dict[str, Any]:
        self.asked.append(request)
        match request["action"]:
            case "list":
                return {"backfills": self.known}
            case "preview":
                return self._preview(request)
            case "start":
                return {**_RUNNING, "name": request.get("name", "20261120-120000")}
        return dict(_RUNNING)

    def _preview(self, request: Mapping[str, object]) -> dict[str, Any]:
        if "next" not in request:
            return {"complete": False, "objects": 200_000, "bytes": 1, "next": "there"}
        return {
            "complete": True,
            "objects": 400_000,
            "bytes": 4_000_000,
            "hours": 63.37,
            "dollars": {"requests": 1.76, "instances": 7.29, "total": 9.05},
            "assumed": ["list prices"],
        }

    def calls(self, action: str) -> list[Mapping[str, object]]:
        """Return the calls of an action."""
        return [each for each in self.asked if each["action"] == action]

"""The calls of the function backfill."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from relayctl.deployment import Deployment
from relayctl.requests.search import ASKING

NEEDS: Final = ASKING
OUTPUT: Final = "BackfillFunctionName"
# What can be done in a state, the usual one first.
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "running": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "completed": ("retry_failed",),
    "cancelled": (),
}
# What is asked about before it is done.
ASKED: Final = ("cancel", "retry_failed")
# An invocation counts about 200,000 objects.
_MOST_COUNTS: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What a backfill would do. `complete`: False if there are more objects than were counted."""

    selection: Mapping[str, object]
    answer: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        return bool(self.answer["complete"])


def backfills(deployment: Deployment) -> list[Mapping[str, Any]]:
    """Return the backfills that are kept, the newest first.

    Raises:
        RelayctlError: the function failed.
    """
    return list(deployment.call(OUTPUT, {"action": "list"})["backfills"])


def counts(deployment: Deployment, selection: Mapping[str, object]) -> Iterator[Mapping[str, Any]]:
    """Yield what a backfill of a selection would take, by what is counted so far, up to the end.

    Raises:
        RelayctlError: the selection cannot be used, or the function failed.
    """
    question: dict[str, object] = {"action": "preview", **selection}
    answer = deployment.call(OUTPUT, question)
    yield answer
    while not answer["complete"]:
        answer = deployment.call(OUTPUT, {**question, "next": answer["next"]})
        yield answer


def preview(deployment: Deployment, selection: Mapping[str, object]) -> Preview:
    """Return what a backfill of a selection would take, as far as a reader of a page waits.

    Raises:
        RelayctlError: the selection cannot be used, or the function failed.
    """
    *_, answer = islice(counts(deployment, selection), _MOST_COUNTS)
    return Preview(selection, answer)


def start(deployment: Deployment, selection: Mapping[str, object], name: str) -> Mapping[str, Any]:
    """Start a backfill, and return its status. Without a name it is named after the time.

    Raises:
        RelayctlError: another one runs, or the function failed.
    """
    request: dict[str, object] = {"action": "start", **selection}
    return deployment.call(OUTPUT, {**request, "name": name} if name else request)


def act(deployment: Deployment, verb: str, name: str) -> Mapping[str, Any]:
    """Pause, resume, cancel or repeat a backfill, or ask for it; return its status.

    Without a name it is the one that was started last.

    Raises:
        RelayctlError: that cannot be done, or the function failed.
    """
    request: dict[str, object] = {"action": verb}
    return deployment.call(OUTPUT, {**request, "name": name} if name else request)


def to_repeat(status: Mapping[str, Any]) -> int:
    """Return how many requests `retry-failed` would resubmit."""
    ended: Mapping[str, int] = status["ended"]
    return ended["failed"] + ended["expired"] + ended["rejected"]


def next_step(status: Mapping[str, Any]) -> str:
    """Return what to do, as commands; the function names its calls."""
    name, problem = status["name"], "problem" in status
    match status["state"]:
        case "paused" if problem:
            return f"correct what the problem names, then relayctl backfill resume {name}"
        case "paused":
            return f"relayctl backfill resume {name}, or relayctl backfill cancel {name}"
        case "completed" if to_repeat(status):
            return (
                "correct the reasons that relayctl list --state failed shows, then relayctl "
                f"backfill retry-failed {name}"
            )
    return str(status["next_step"])

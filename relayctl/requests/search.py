"""The requests that options select, page by page, as the reconcile function lists them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from relay.model import RequestState

from relayctl.deployment import Deployment
from relayctl.errors import Misused
from relayctl.times import point

# The permission that every question about requests needs.
ASKING = ("lambda:InvokeFunction",)

State = Annotated[
    list[RequestState] | None,
    typer.Option("--state", help="Only requests in this state. Repeat for several."),
]
Since = Annotated[
    str,
    typer.Option(help="Submitted from then on: an age such as 10m, 2h or 7d, or a time."),
]
Until = Annotated[str | None, typer.Option(help="Submitted before then: an age or a time.")]
Prefix = Annotated[
    str | None,
    typer.Option(help="Only inputs that begin so: an S3 URI, or a key of the input bucket."),
]
Reason = Annotated[
    list[str] | None,
    typer.Option("--reason", help="Only with this text in the reason. Repeat for several."),
]

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which requests: an empty `states` or `reasons` selects every one."""

    since: datetime
    until: datetime | None
    states: tuple[RequestState, ...] = ()
    prefix: str = ""
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        since: str,
        until: str | None,
        states: Sequence[RequestState] | None,
        prefix: str | None,
        reasons: Sequence[str] | None,
    ) -> "Selection":
        """Return what the options select. Raises Misused."""
        now = datetime.now(UTC)
        start = point(since, now, "--since")
        end = point(until, now, "--until") if until else None
        if start >= (end or now):
            raise Misused(f"--since {since} is not before --until {until or 'now'}")
        if prefix and not prefix.startswith("s3://"):
            prefix = f"s3://{input_bucket(deployment)}/{prefix}"
        return cls(start, end, tuple(states or ()), prefix or "", tuple(reasons or ()))


def input_bucket(deployment: Deployment) -> str:
    """Return the bucket of the inputs: the stack's own, or the one that a parameter names."""
    return deployment.parameters.get("InputBucketName") or deployment.output("DataBucketName")


def input_prefixes(deployment: Deployment) -> list[str]:
    """Return the prefixes below which an object of that bucket is an input."""
    return deployment.listed("InputPrefixes", "inputs/")


def found(deployment: Deployment, selection: Selection) -> Iterator[Mapping[str, Any]]:
    """Yield the selected requests, as `list` of the reconcile function describes them.

    Raises:
        RelayctlError: the function refused or failed.
    """
    question: dict[str, object] = {
        "action": "list",
        "since": selection.since.isoformat(),
        "limit": _PAGE,
    }
    if selection.until:
        question["until"] = selection.until.isoformat()
    if selection.prefix:
        question["prefix"] = selection.prefix
    # The function takes one of each; of several, it would have to be asked once for each pair.
    if len(selection.states) == 1:
        question["state"] = selection.states[0].value
    if len(selection.reasons) == 1:
        question["reason"] = selection.reasons[0]
    states = {each.value for each in selection.states}
    reasons = [each.casefold() for each in selection.reasons]
    while True:
        page = deployment.ask(question)
        for request in page["requests"]:
            reason = str(request.get("reason", "")).casefold()
            if (not states or request["state"] in states) and (
                not reasons or any(each in reason for each in reasons)
            ):
                yield request
        if "next" not in page:
            return
        question["next"] = page["next"]

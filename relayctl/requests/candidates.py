"""Requests that may be resubmitted, and why others may not."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from relay.model import RequestState
from relay.s3uri import S3Uri

from relayctl.deployment import Deployment
from relayctl.output import Output
from relayctl.progress import progress
from relayctl.requests.search import Selection, found
from relayctl.requests.status import status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPEATABLE = (RequestState.FAILED, RequestState.EXPIRED, RequestState.REJECTED)
_SIDE_BY_SIDE = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request to resubmit. `left_out` is why it is not; `done`: because it is resubmitted.

    `uploaded_again`: its input was overwritten after it was submitted.
    """

    name: str
    request_id: str
    state: str
    location: str | None = None
    reason: str = ""
    left_out: str | None = None
    done: bool = False
    submitted_at: datetime | None = None
    uploaded_again: bool = False

    def to_json(self) -> dict[str, object]:
        members = {
            "name": self.name,
            "request_id": self.request_id or None,
            "state": self.state,
            "input_location": self.location,
            "left_out": self.left_out,
        }
        return {name: value for name, value in members.items() if value is not None}


def by_options(deployment: Deployment, selection: Selection) -> list[Candidate]:
    """Return the requests of a selection. Raises RelayctlError."""
    return [_listed(each) for each in found(deployment, selection)]


def by_text(deployment: Deployment, texts: Iterable[str], *, force: bool) -> list[Candidate]:
    """Return the requests that ids, keys and S3 URIs name; the last one of each chain.

    Raises:
        RelayctlError: the reconcile function refused or failed.
    """
    read = partial(_named, deployment, force=force)
    first, *others = dict.fromkeys(texts)
    # The first question makes the client, which threads share from then on.
    candidates = [read(first)]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as threads:
        candidates += threads.map(read, others)
    # Two names can be of one chain.
    return list({each.request_id or each.name: each for each in candidates}.values())


def with_inputs(candidates: Sequence[Candidate], s3: "S3Client", output: Output) -> list[Candidate]:
    """Leave out the requests whose inputs do not exist any more, and mark those whose inputs have
    changed.

    Raises:
        ClientError: S3 refused to tell.
    """
    to_check = [each for each in candidates if each.left_out is None]
    checked: dict[str, Candidate] = {}
    with (
        progress(output, "checking inputs", len(to_check)) as advance,
        ThreadPoolExecutor(_SIDE_BY_SIDE) as threads,
    ):
        for each in threads.map(partial(_checked, s3), to_check):
            advance(1)
            checked[each.request_id] = each
    return [checked.get(each.request_id, each) for each in candidates]


def _listed(request: Mapping[str, Any]) -> Candidate:
    location = request.get("input_location")
    candidate = Candidate(
        location or request["request_id"],
        request["request_id"],
        request["state"],
        location,
        request.get("reason", ""),
        submitted_at=_time(request),
    )
    if again := request.get("resubmitted_as"):
        return replace(candidate, left_out=f"was resubmitted as {again}", done=True)
    return _with_input(candidate)


def _with_input(candidate: Candidate) -> Candidate:
    if candidate.location:
        return candidate
    text = "its body was sent inline, and the relay does not keep it: submit it again"
    return replace(candidate, left_out=text)


def _named(deployment: Deployment, text: str, *, force: bool) -> Candidate:
    status = status_of(deployment, text)
    if "requests" in status:
        if not status["requests"]:
            why = status.get("reason") or f"is {status['state']}: no request of it was found"
            return Candidate(text, "", status["state"], left_out=why)
        status = status["requests"][0]
    followed = False
    while again := status.get("resubmitted_as"):
        status = deployment.ask({"action": "status", "request_id": again})
        followed = True
    state = status["state"]
    attempts = status.get("attempts", ())
    location = attempts[0].get("input_location") if attempts else None
    candidate = Candidate(
        text,
        status["request_id"],
        state,
        location,
        status.get("reason") or "",
        submitted_at=_time(attempts[0]) if attempts else None,
    )
    if state in (RequestState.UNKNOWN, RequestState.UNREADABLE):
        return replace(candidate, left_out=status.get("reason") or status["next_step"])
    if state in REPEATABLE or (force and not followed):
        return _with_input(candidate)
    if followed:
        text = f"was resubmitted as {status['request_id']}, which is {state}"
        return replace(candidate, left_out=text, done=True)
    text = (
        f"is {state}: only requests that are {', '.join(REPEATABLE)} are resubmitted; see --force"
    )
    return replace(candidate, left_out=text)


def _time(members: Mapping[str, Any]) -> datetime | None:
    text = members.get("submitted_at")
    return datetime.fromisoformat(text) if text else None


def _checked(s3: "S3Client", candidate: Candidate) -> Candidate:
    place = S3Uri.parse(candidate.location or "")
    try:
        found = s3.head_object(Bucket=place.bucket, Key=place.key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            text = "the input does not exist any more: upload it again, which is a new request"
            return replace(candidate, left_out=text)
        raise
    submitted_at = candidate.submitted_at
    again = submitted_at is not None and found["LastModified"] > submitted_at
    return replace(candidate, uploaded_again=again)

"""What a failure means, and the command to type next."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from relay.model import RequestState
from relay.route.failures import FailureClass, classify_failure

# What SageMaker's reasons say about the cause; the first pattern that matches.
_CAUSES: Final = (
    (
        re.compile(r"client error \((\d+)\)", re.IGNORECASE),
        "client error {0} of the model",
    ),
    (re.compile(r"server error \((\d+)\)", re.IGNORECASE), "server error {0} of the model"),
    (re.compile(r"unable to download", re.IGNORECASE), "SageMaker could not read the input"),
    (re.compile(r"could not get a response|timed? ?out", re.IGNORECASE), "no answer of the model"),
    (re.compile(r"throttl|too many requests|capacity", re.IGNORECASE), "no capacity"),
)
_CAUSE_OF_STATE: Final[Mapping[str, str]] = {
    RequestState.EXPIRED: "no notification and no output arrived in time",
    RequestState.REJECTED: "SageMaker can never accept the request",
}
# What the function says with its own calls and members, in the words of a command.
_OWN_WORDS: Final = (
    (
        "ask about an upload with input_location or key",
        "name an upload by its key or its S3 URI",
    ),
    ("upload the object there", "check the key or the id, or upload there with relayctl submit"),
    (
        "ask about an object that was deleted with since",
        "of an object that was deleted, look at relayctl list --since 30d --prefix {location}",
    ),
    (
        'whether the endpoint has an instance ({"action": "describe"} of provision)',
        "with relayctl endpoint whether the endpoint has an instance",
    ),
    (
        "invoke submit with this input_location",
        "upload it again, or submit older objects with relayctl backfill start",
    ),
)
_MEANING: Final[Mapping[FailureClass, str]] = {
    FailureClass.TRANSIENT: "the same input can succeed later",
    FailureClass.PERMANENT: "the same input fails again until the model or the input is corrected",
}


def classification(request: Mapping[str, Any]) -> FailureClass | None:
    """Return whether the input of a failed request may succeed later, as its result says.

    None for a request that has not failed.
    """
    match request["state"]:
        case RequestState.EXPIRED:
            return FailureClass.TRANSIENT
        case RequestState.REJECTED:
            return FailureClass.PERMANENT
        case RequestState.FAILED:
            return classify_failure(request.get("reason"))
    return None


def explained(request: Mapping[str, Any]) -> str | None:
    """Return the class of a failure, its cause, and what the class means; None without one."""
    failure_class = classification(request)
    if failure_class is None:
        return None
    cause = _CAUSE_OF_STATE.get(request["state"]) or _cause(request.get("reason") or "")
    named = f"{failure_class.value} ({cause})" if cause else failure_class.value
    return f"{named}: {_MEANING[failure_class]}"


def next_command(request: Mapping[str, Any]) -> str | None:
    """Return what to type next about a request, or about an input without one."""
    match request["state"]:
        case RequestState.FAILED | RequestState.EXPIRED | RequestState.REJECTED:
            return _again(request)
        case RequestState.SUBMITTED | RequestState.RETRYING:
            return "relayctl endpoint"
        case RequestState.HELD | "not_submitted":
            return "relayctl parked"
    return None


def _again(request: Mapping[str, Any]) -> str:
    if again := request.get("resubmitted_as"):
        return f"relayctl status {again}"
    attempts = request["attempts"]
    if not attempts[0].get("input_location"):
        return "relayctl submit --body …"
    if request["state"] == RequestState.REJECTED:
        return "relayctl submit …"
    return f"relayctl resubmit {request['request_id']}"


def _cause(reason: str) -> str:
    for pattern, text in _CAUSES:
        if match := pattern.search(reason):
            return text.format(*match.groups())
    return ""


def in_own_words(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a function with its next steps as commands, and those of its requests.

    A text of another version of the function stays as it is.
    """
    whole = dict(answer)
    if step := answer.get("next_step"):
        location = shlex.quote(str(answer.get("input_location", "")))
        for text, own in _OWN_WORDS:
            step = step.replace(text, own.replace("{location}", location))
        whole["next_step"] = step
    if "requests" in answer:
        whole["requests"] = [in_own_words(each) for each in answer["requests"]]
    return whole

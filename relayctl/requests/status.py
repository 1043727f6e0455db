"""`status`: what became of one request, or of the uploads of one input."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from relayctl.commands import Context
from relayctl.deployment import Deployment
from relayctl.errors import Exit, Misused
from relayctl.output import plain
from relayctl.requests.failures import classification, explained, in_own_words, next_command
from relayctl.times import local

_ID = re.compile(r"[0-9a-f]{32}")
_LIKE_AN_ID = re.compile(r"[0-9a-fA-F-]{16,}")
_ENDED_WELL = ("completed",)
_WITH_OUTPUT = ("completed", "held")
_UNDER_WAY = ("submitted", "retrying", "not_submitted")


def status(
    context: Context,
    request: Annotated[
        str,
        typer.Argument(
            help="An id, the relay's or your own, a key of the input bucket, or an S3 URI.",
            show_default=False,
        ),
    ],
) -> Exit:
    """Show the timeline of a request, and for a failure its cause and what to do next.

    Ends with 1 if the request has not completed and does not progress by itself.
    """
    answer = _explained(context.deployment, status_of(context.deployment, request))
    context.output.document(answer)
    for line in _lines(answer):
        context.output.text(line)
    state = answer["state"]
    return Exit.DONE if state in (*_ENDED_WELL, *_UNDER_WAY) else Exit.ATTENTION


def status_of(deployment: Deployment, request: str) -> dict[str, Any]:
    """Return the status of an id, a key or an S3 URI, as the reconcile function describes it.

    A text that is neither 32 hexadecimal digits nor an S3 URI can be an id of a caller or a key:
    the id is looked up first, since that reads ten items at most.

    Raises:
        Misused: the text is empty, as a variable of a script that is not set.
        RelayctlError: the function refused or failed.
    """
    if not request:
        raise Misused("an empty text names no request: write an id, a key or an S3 URI")
    if request.startswith("s3://"):
        return in_own_words(of_input(deployment, {"input_location": request}))
    by_id = in_own_words(deployment.ask({"action": "status", "request_id": request}))
    if _ID.fullmatch(request) or by_id["state"] != "unknown":
        return by_id
    by_key = in_own_words(of_input(deployment, {"key": request}))
    if by_key["state"] == "not_an_input" and _LIKE_AN_ID.fullmatch(request):
        step = f"ids of the relay have 32 digits, 0-9 and a-f; this one has {len(request)}"
        return {**by_id, "next_step": f"{by_id['next_step']}; {step}"}
    return by_key


def of_input(deployment: Deployment, input: Mapping[str, object]) -> dict[str, Any]:
    """Return the status of an input; the search continues until it is complete.

    Raises:
        RelayctlError: the function refused or failed.
    """
    question = {"action": "status", **input}
    answer = deployment.ask(question)
    requests = list(answer["requests"])
    while "next" in answer:
        answer = deployment.ask({**question, "next": answer["next"]})
        # What follows is newer.
        requests = [*answer["requests"], *requests]
    if not requests:
        return answer
    newest = requests[0]
    state = {name: newest[name] for name in ("state", "reason", "next_step") if name in newest}
    return {**answer, **state, "requests": requests}


def _explained(deployment: Deployment, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer with what is known beyond the ledger: classes, commands, resubmissions."""
    whole = dict(answer)
    if "requests" in answer:
        requests = [_explained(deployment, each) for each in answer["requests"]]
        command = requests[0].get("next_command") if requests else next_command(answer)
        more = {"next_command": command} if command else {}
        return {**whole, **more, "requests": requests}
    if found := classification(answer):
        whole["classification"] = found.value
    if command := next_command(answer):
        whole["next_command"] = command
    if again := answer.get("resubmitted_as"):
        repeated = deployment.ask({"action": "status", "request_id": again})
        whole["resubmission_state"] = repeated["state"]
    return whole


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    if "request_id" in answer:
        yield from _request(answer)
        return
    yield f"[bold]{plain(answer['input_location'])}[/]"
    if not answer["requests"]:
        if "uploaded_at" in answer:
            yield f"  {local(answer['uploaded_at'])}  uploaded"
        yield from _ending(answer)
    for number, request in enumerate(answer["requests"]):
        if number:
            yield ""
        yield from _request(request)


def _request(request: Mapping[str, Any]) -> Iterator[str]:
    yield f"request [bold]{plain(request['request_id'])}[/]"
    if before := request.get("resubmission_of"):
        yield f"  {'':<19}  resubmission of {plain(before)}"
    attempts = request.get("attempts", ())
    if attempts and (requested := attempts[0].get("requested_at")):
        by = "uploaded" if "etag" in attempts[0] else "requested"
        yield f"  {local(requested)}  {by}"
    for attempt in attempts:
        yield from _attempt(attempt)
    if again := request.get("resubmitted_as"):
        yield f"  {'':<19}  resubmitted as {plain(again)}: {plain(request['resubmission_state'])}"
    yield from _ending(request)
    if attempts:
        for name, member in (("input", "input_location"), ("output", "output_location")):
            location = attempts[-1].get(member)
            if location and (member != "output_location" or request["state"] in _WITH_OUTPUT):
                yield f"  {name:<9} {plain(location)}"


def _attempt(attempt: Mapping[str, Any]) -> Iterator[str]:
    number, endpoint = attempt["attempt"], attempt.get("endpoint", "")
    yield (
        f"  {local(attempt['submitted_at'])}  attempt {number} claimed for endpoint "
        f"{plain(endpoint)}, inference {plain(attempt['inference_id'])}"
    )
    if routed := attempt.get("routed_at"):
        yield from _routed(attempt, local(routed))
    elif held := attempt.get("held"):
        yield (
            f"  {'':<19}  notified: {plain(held['outcome'])}; delivered by "
            f"{_routes(held['delivered_by'])}, not by {_routes(held['not_delivered_by'])}"
        )
    elif attempt["state"] == "OPEN":
        yield f"  {local(attempt['due_at'])}  due, at the latest"


def _routed(attempt: Mapping[str, Any], time: str) -> Iterator[str]:
    reason = f": {plain(attempt['reason'])}" if attempt.get("reason") else ""
    if attempt["state"] == "RETRIED":
        yield f"  {time}  notified: failed{reason}; tried again"
        return
    yield f"  {time}  notified: {attempt['state'].lower()}{reason}"
    for route in attempt.get("delivered_by", ()):
        yield f"  {time}  result delivered by route {plain(route)}"
    if not attempt.get("delivered_by"):
        yield f"  {time}  no route takes the result"


def _routes(names: Sequence[str]) -> str:
    return plain(", ".join(names)) or "no route"


def _ending(answer: Mapping[str, Any]) -> Iterator[str]:
    state = answer["state"]
    color = "green" if state in _ENDED_WELL else "yellow" if state in _UNDER_WAY else "red"
    yield f"  state     [{color}]{plain(state)}[/]"
    if reason := answer.get("reason"):
        yield f"  reason    {plain(reason)}"
    if meaning := explained(answer):
        yield f"  class     {meaning}"
    if step := answer.get("next_step"):
        yield f"  next      {plain(step)}"
    if command := answer.get("next_command"):
        yield f"  command   [bold]{plain(command)}[/]"

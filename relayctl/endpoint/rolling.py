"""`deploy` and `rollback`."""

import getpass
import json
import uuid
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.endpoint.state import DESCRIBING, Ended, State, artifact
from relayctl.endpoint.waiting import follow
from relayctl.errors import Exit, Misused
from relayctl.output import plain
from relayctl.routes.files import read_text

NEEDS: Final = DESCRIBING
# Responses after which the roll-out has not ended.
_GOES_ON: Final = ("accepted", "waiting", "known")

Wait = Annotated[
    bool,
    typer.Option("--wait/--no-wait", help="Wait until the roll-out has ended."),
]
AskedBy = Annotated[
    str | None,
    typer.Option(help="Who asks, for `endpoint` and the log. By default your user name."),
]
RequestId = Annotated[
    str | None,
    typer.Option(help="An id by which provision recognises a repeated call."),
]
Strategy = Annotated[
    str | None,
    typer.Option(help="AllAtOnce, Canary, Linear or Rolling, for this roll-out."),
]
Alarms = Annotated[
    bool,
    typer.Option("--alarms/--no-alarms", help="Whether alarms roll it back."),
]


def deploy(
    context: Context,
    model_uri: Annotated[
        str | None,
        typer.Argument(help="S3 URI of the model archive.", show_default=False),
    ] = None,
    model_data_version: Annotated[
        str | None,
        typer.Option(help="A text that distinguishes two contents under the same URI."),
    ] = None,
    image_uri: Annotated[str | None, typer.Option(help="The image.")] = None,
    framework: Annotated[
        str | None, typer.Option(help="The framework, instead of an image.")
    ] = None,
    framework_version: Annotated[str | None, typer.Option(help="Its version.")] = None,
    environment: Annotated[
        Path | None,
        typer.Option(help="A JSON file with the complete environment of the container."),
    ] = None,
    instance_type: Annotated[str | None, typer.Option(help="The instance type.")] = None,
    max_concurrent: Annotated[
        int | None, typer.Option(min=0, help="Requests that an instance has at a time.")
    ] = None,
    strategy: Strategy = None,
    step_percent: Annotated[int | None, typer.Option(help="The size of a step.")] = None,
    wait_seconds: Annotated[int | None, typer.Option(help="The baking period.")] = None,
    termination_wait_seconds: Annotated[
        int | None, typer.Option(help="The time for which the old instances stay afterwards.")
    ] = None,
    maximum_seconds: Annotated[
        int | None, typer.Option(help="The time after which SageMaker rolls it back.")
    ] = None,
    alarms: Alarms = True,
    asked_by: AskedBy = None,
    request_id: RequestId = None,
    wait: Wait = True,
    yes: Yes = False,
) -> Exit:
    """Roll out a model, or other settings of the endpoint, and wait until it is in service.

    What is not given does not change. Ends with 1 if the roll-out ended badly; what served before
    then goes on, unless the reason says otherwise.
    """
    changes = _given(
        model_data_url=model_uri,
        model_data_version=model_data_version,
        image_uri=image_uri,
        framework=framework,
        framework_version=framework_version,
        environment=environment and _environment(environment),
        instance_type=instance_type,
        max_concurrent_invocations_per_instance=max_concurrent,
    )
    if not changes:
        raise Misused("give what changes: the S3 URI of a model, or an option such as --image-uri")
    if model_uri and not model_uri.startswith("s3://"):
        raise Misused(
            f"{model_uri} is not an S3 URI: upload the archive first, such as to models/ of the "
            "data bucket"
        )
    settings = _given(
        strategy=strategy,
        step_percent=step_percent,
        wait_seconds=wait_seconds,
        termination_wait_seconds=termination_wait_seconds,
        maximum_seconds=maximum_seconds,
        alarms=None if alarms else False,
    )
    state = State.of(context.deployment)
    what = model_uri or ", ".join(changes)
    confirm(
        context.output,
        f"Roll {what} out on {state.endpoint['name']}, which serves "
        f"{artifact(state.document['serving'])}?",
        yes=yes,
    )
    return _roll_out(context, "deploy", changes, settings, asked_by, request_id, wait)


def rollback(
    context: Context,
    strategy: Strategy = None,
    asked_by: AskedBy = None,
    request_id: RequestId = None,
    wait: Wait = True,
    yes: Yes = False,
) -> Exit:
    """Return to what the endpoint served before, and wait until it is in service.

    All at once and without alarms, unless a strategy is given. Ends with 1 if it ended badly.
    """
    state = State.of(context.deployment)
    serving = state.document["serving"]
    # During a roll-out, back is what serves now.
    before = serving if state.document["under_way"] else state.document["rollback_to"]
    confirm(
        context.output,
        f"Return {state.endpoint['name']} to {artifact(before)}?",
        yes=yes,
    )
    settings = _given(strategy=strategy)
    return _roll_out(context, "rollback", {}, settings, asked_by, request_id, wait)


def _roll_out(
    context: Context,
    action: str,
    changes: dict[str, Any],
    settings: dict[str, Any],
    asked_by: str | None,
    request_id: str | None,
    wait: bool,
) -> Exit:
    """Ask provision, and follow what it accepts."""
    request_id = request_id or uuid.uuid4().hex
    request = {
        "action": action,
        **changes,
        "asked_by": asked_by or f"relayctl, {_user()}",
        "request_id": request_id,
        **({"deployment": settings} if settings else {}),
    }
    try:
        response = context.deployment.provision(request)
    except BaseException:
        context.output.note(f"to repeat it safely, add --request-id {request_id}")
        raise
    status, reason = response["status"], response.get("reason", "")
    if status not in _GOES_ON:
        return _report(context, response, Ended(status, reason))
    if not wait:
        context.output.document(response)
        why = f" {plain(reason)}" if reason else ""
        context.output.text(f"{status}{why}: relayctl endpoint shows the progress")
        return Exit.DONE
    try:
        ended = follow(context, response["roll_out"])
    except KeyboardInterrupt:
        context.output.note("the roll-out goes on: relayctl endpoint shows it")
        raise
    return _report(context, response, ended)


def _report(context: Context, response: dict[str, Any], ended: Ended) -> Exit:
    context.output.document({**response, "status": ended.outcome, "reason": ended.reason})
    color = "green" if ended.well else "red"
    reason = f": {plain(ended.reason)}" if ended.reason else ""
    context.output.text(f"[{color}]{ended.outcome}[/]{reason}")
    return Exit.DONE if ended.well else Exit.ATTENTION


def _given(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _environment(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(file))
    except ValueError as error:
        raise Misused(f"the environment {file} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Misused(f"the environment {file} is not a JSON object of strings")
    return value


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"

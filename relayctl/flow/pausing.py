"""`pause` and `resume`."""

from time import monotonic, sleep
from typing import Annotated, Final

import typer
from botocore.exceptions import ClientError

from relayctl.commands import Context
from relayctl.errors import RelayctlError
from relayctl.flow.mappings import Flow, Mapping, mappings
from relayctl.progress import progress

NEEDS: Final = ("lambda:ListEventSourceMappings", "lambda:UpdateEventSourceMapping")

What = Annotated[
    list[Flow],
    typer.Argument(help="submit, route, or both.", show_default=False),
]

# Lambda takes up to a minute or two for a change of state.
_LONGEST_SECONDS: Final = 300
_PAUSE_SECONDS: Final = 0.5
# Lambda's errors of a mapping, or a function, that another call changes.
_CHANGING: Final = ("ResourceInUseException", "ResourceConflictException")


def pause(context: Context, what: What) -> None:
    """Stop submitting uploads, or routing notifications, until `resume`.

    Messages wait in SubmitQueue or NotificationQueue. What has waited for ten days is parked when
    the pause ends. Invocations that run end first. A deployment does not end a pause, because
    CloudFormation does not look at the state of event source mappings. Every command says that
    something is paused.
    """
    for flow in dict.fromkeys(what):
        _set(context, flow, enabled=False)
    context.output.document({"paused": list(dict.fromkeys(what))})
    for flow in dict.fromkeys(what):
        context.output.text(
            f"{flow} is paused: messages wait in {flow.queue}, for ten days at most, until "
            f"relayctl resume {flow}"
        )


def resume(context: Context, what: What) -> None:
    """End a pause."""
    for flow in dict.fromkeys(what):
        _set(context, flow, enabled=True)
    context.output.document({"resumed": list(dict.fromkeys(what))})
    for flow in dict.fromkeys(what):
        context.output.text(f"{flow} is enabled: what waits in {flow.queue} is processed")


def _set(context: Context, flow: Flow, *, enabled: bool) -> None:
    """Enable or disable the mappings of a function, and wait until they are."""
    wanted = "Enabled" if enabled else "Disabled"
    deadline = monotonic() + _LONGEST_SECONDS
    with progress(context.output, f"{flow}: waiting for {wanted}") as advance:
        while True:
            found = mappings(context.deployment, flow)
            if all(each.state == wanted for each in found):
                return
            for each in found:
                # One that changes takes no update, and is asked again when it has changed.
                if not each.changing and each.state != wanted:
                    _update(context, each, enabled=enabled)
            if monotonic() > deadline:
                states = ", ".join(each.state for each in found)
                raise RelayctlError(
                    f"the event source mapping of {flow} is {states} and not {wanted} after "
                    f"{_LONGEST_SECONDS // 60} minutes: repeat the command, and read its "
                    "StateTransitionReason with aws lambda get-event-source-mapping "
                    f"--uuid {found[0].id}"
                )
            advance(1)
            sleep(_PAUSE_SECONDS)


def _update(context: Context, mapping: Mapping, *, enabled: bool) -> None:
    try:
        context.deployment.functions.update_event_source_mapping(UUID=mapping.id, Enabled=enabled)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _CHANGING:
            raise

"""Saying that something is paused, beside what a command prints."""

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from relayctl.deployment import Deployment
from relayctl.errors import REFUSALS, RelayctlError
from relayctl.flow.mappings import Flow, mappings
from relayctl.output import Output

# Without it, a command works, and does not say that something is paused.
LOOKING: Final = "lambda:ListEventSourceMappings"


def note_pauses(deployment: Deployment, output: Output) -> None:
    """Say what is paused. Two calls of Lambda; it never fails a command."""
    try:
        for flow in paused(deployment):
            output.note(
                f"{flow} is paused: messages wait in {flow.queue}. relayctl resume {flow} ends this"
            )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in REFUSALS:
            output.note(f"could not look whether submit or route is paused: {error}")
    except (BotoCoreError, RelayctlError) as error:
        output.note(f"could not look whether submit or route is paused: {error}")


def paused(deployment: Deployment) -> list[Flow]:
    """Return what is paused, of the functions that the stack names.

    Raises:
        RelayctlError: a function has no event source mapping.
        ClientError: Lambda refused to list them.
    """
    return [
        flow
        for flow in Flow
        if flow.output in deployment.outputs
        and any(each.paused for each in mappings(deployment, flow))
    ]

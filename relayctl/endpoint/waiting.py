"""Following a roll-out to its end."""

from time import sleep
from typing import Final

from relayctl.commands import Context
from relayctl.endpoint.state import Ended, State
from relayctl.output import plain

_PAUSE_SECONDS: Final = 3.0


def follow(context: Context, roll_out: str) -> Ended:
    """Return how a roll-out ended; say on standard error where it is meanwhile.

    It goes on whether or not it is followed, and has no deadline here: a baking period can take
    hours.

    Raises:
        RelayctlError: provision failed.
    """
    said = ""
    with context.output.console.status("asking provision") as shown:
        while True:
            state = State.of(context.deployment)
            if ended := state.ended(roll_out):
                return ended
            phase = state.phase(roll_out)
            shown.update(plain(phase))
            if phase != said and not context.output.console.is_terminal:
                # A log has a line for each change.
                context.output.console.print(plain(phase))
            said = phase
            sleep(_PAUSE_SECONDS)

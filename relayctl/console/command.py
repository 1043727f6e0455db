"""`console`."""

from typing import Annotated, Final

import typer

from relayctl.commands import Context
from relayctl.console.sources.capacity import BACKLOG_NEEDS, CAPACITY_NEEDS
from relayctl.console.sources.objects import LOOKING_NEEDS
from relayctl.console.sources.parked import PARKED_NEEDS
from relayctl.console.sources.queues import DEAD_NEEDS
from relayctl.console.sources.rolling import ENDPOINT_NEEDS
from relayctl.console.sources.routes import ROUTES_NEEDS
from relayctl.console.sources.samples import UPLOADING_NEEDS
from relayctl.flow.paused import LOOKING
from relayctl.flow.pausing import NEEDS as PAUSING_NEEDS
from relayctl.requests.search import ASKING

CONSOLE_NEEDS: Final = tuple(
    dict.fromkeys(
        (
            *ASKING,
            LOOKING,
            *DEAD_NEEDS,
            *CAPACITY_NEEDS,
            *BACKLOG_NEEDS,
            *PAUSING_NEEDS,
            *LOOKING_NEEDS,
            *PARKED_NEEDS,
            *ENDPOINT_NEEDS,
            *ROUTES_NEEDS,
            *UPLOADING_NEEDS,
        )
    )
)


def console(
    context: Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1. 0 is any free one.")
    ] = 0,
    open: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show the stack as a page in a browser on this machine, until Ctrl-C.

    The address has a token that is new for each run: whoever has it can do what you can. A part of
    the page whose permission is missing says so; the rest works.
    """
    # A server and its pages take half a second to import, which no other command waits for.
    from relayctl.console.running import run

    run(context, port, in_browser=open)

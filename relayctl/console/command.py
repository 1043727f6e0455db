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
from relayctl.errors import Misused
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
    import asyncio
    import webbrowser

    from relayctl.console.addresses import addresses
    from relayctl.console.security import Guard
    from relayctl.console.server import application, listening, serve
    from relayctl.console.sources.emulator import Emulator
    from relayctl.console.view import View

    deployment = context.deployment
    # A stack that is not there is better said now than on each part of the page.
    deployment.output("DataBucketName")
    name = f"{deployment.stack_name} in {deployment.region}"
    try:
        sock = listening(port)
    except OSError as error:
        raise Misused(f"port {port} cannot be used ({error}): set another --port") from error
    with sock:
        guard = Guard(sock.getsockname()[1])
        view = View(deployment, guard, Emulator.found(deployment))

        def ready() -> None:
            context.output.document({"url": guard.address, "stack": deployment.stack_name})
            context.output.text(f"{name}: open this address in a browser. Ctrl-C ends the page.")
            context.output.text(guard.address)
            if open:
                webbrowser.open(guard.address)

        try:
            asyncio.run(serve(application(view, guard, addresses(view)), sock, ready))
        finally:
            view.answers.close()

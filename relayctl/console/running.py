"""Runs the page, until Ctrl-C."""

import asyncio
import webbrowser

from relayctl.commands import Context
from relayctl.console.addresses import addresses
from relayctl.console.security import Guard
from relayctl.console.server import application, listening, serve
from relayctl.console.sources.emulator import Emulator
from relayctl.console.view import View
from relayctl.errors import Misused


def run(context: Context, port: int, *, in_browser: bool) -> None:
    """Serve the page at a port of this machine, print its address, and open it if wanted.

    Raises:
        Misused: the port cannot be used.
        RelayctlError: there is no such stack.
    """
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
            if in_browser:
                webbrowser.open(guard.address)

        try:
            asyncio.run(serve(application(view, guard, addresses(view)), sock, ready))
        finally:
            view.answers.close()

"""`routes explain`: which route takes a result, and why the others do not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError

from relayctl.commands import Context
from relayctl.errors import Exit, RelayctlError
from relayctl.output import plain
from relayctl.requests.search import ASKING
from relayctl.requests.status import status_of
from relayctl.routes.checking import say_unusable
from relayctl.routes.deployed import READING, DeployedRoutes
from relayctl.routes.explanation import explained, print_explanation
from relayctl.routes.files import read_result, read_text
from relayctl.routes.rebuilt import rebuilt_result

NEEDS: Final = (*READING, *ASKING)

_DIFFERENT: Final = (
    "The result that was delivered had more than this one, such as the model's response, or the "
    "routes have changed since: give a file with the message that a target received."
)


def explain(
    context: Context,
    result: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE",
            help="A request, as `status` takes it, or a file with a result: the body of a message.",
            show_default=False,
        ),
    ],
    routes: Annotated[
        Path | None,
        typer.Option("--routes", help="Try this document instead of the one in force."),
    ] = None,
) -> Exit | None:
    """Say for a result which route takes it, and why the others do not.

    Of a request, the result is rebuilt from what the ledger has: without the model's response, and
    with what the call stated about content type and attributes only if InputDefaults says it.
    """
    compiled = _routes(context, routes)
    if compiled is None:
        return Exit.ATTENTION
    delivered: list[str] = []
    document: Mapping[str, Any]
    if (path := Path(result)).is_file():
        document = read_result(path)
    else:
        document, delivered = _of_request(context, result)
    reasons = explained(compiled, document)
    context.output.document(
        {
            "routes": [each.document() for each in reasons],
            "delivered_by": delivered or None,
            "result": document,
        }
    )
    print_explanation(context.output, result, reasons)
    if delivered:
        context.output.text("", f"delivered by {plain(', '.join(delivered))}")
        if {each.route for each in reasons if each.to} != set(delivered):
            context.output.note(_DIFFERENT)
    return None


def _routes(context: Context, file: Path | None) -> Routes | None:
    """Return the routes of a file or those in force; None if the file's cannot be used."""
    if file is not None:
        try:
            return Routes.read(read_text(file))
        except RoutesError as error:
            say_unusable(context.output, str(file), error)
            context.output.document({"problems": [str(each) for each in error.problems]})
            return None
    deployed = DeployedRoutes(context.deployment)
    latest = deployed.latest()
    in_force = deployed.in_force(latest)
    if in_force is None or in_force.routes is None:
        raise RelayctlError("no version of the routes can be used: see relayctl routes show")
    if in_force is not latest:
        context.output.note(
            f"version {latest.number} cannot be used: version {in_force.number} is in force"
        )
    return in_force.routes


def _of_request(context: Context, request: str) -> tuple[Mapping[str, Any], list[str]]:
    answer = status_of(context.deployment, request)
    newest = answer["requests"][0] if answer.get("requests") else answer
    attempts: Sequence[Mapping[str, Any]] = newest.get("attempts") or ()
    result = (
        rebuilt_result(context.deployment, newest["request_id"], attempts) if attempts else None
    )
    if result is None:
        raise RelayctlError(
            f"{request} is {answer['state']} and has no result to explain: write the body of a "
            "message into a file, such as an example of docs/reference/result.md, and give the file"
        )
    return result, list(attempts[-1].get("delivered_by", ()))

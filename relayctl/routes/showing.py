"""`routes show`: the document that is deployed."""

import json

from relayctl.commands import Context
from relayctl.errors import Exit
from relayctl.output import plain
from relayctl.routes.checking import say_unusable
from relayctl.routes.deployed import DeployedRoutes, Version
from relayctl.routes.explanation import print_overview, size
from relayctl.times import local


def show_routes(context: Context) -> Exit:
    """Show the route document that is deployed, and where its routes send results.

    Ends with 1 if the document cannot be used, in which case an earlier one is in force.
    """
    deployed = DeployedRoutes(context.deployment)
    latest = deployed.latest()
    in_force = deployed.in_force(latest)
    problems = latest.error.problems if latest.error else ()
    context.output.document(
        {
            "parameter": deployed.name,
            "version": latest.number,
            "modified": latest.modified and latest.modified.isoformat(),
            "problems": [str(each) for each in problems],
            "in_force": in_force and in_force.number,
            "document": _parsed(latest.text),
        }
    )
    _print(context, deployed.name, latest)
    if latest.error is None:
        return Exit.DONE
    say_unusable(context.output, f"version {latest.number}", latest.error)
    context.output.note(_instead(in_force))
    if in_force and in_force.routes:
        context.output.text("")
        print_overview(context.output, in_force.routes)
    return Exit.ATTENTION


def _instead(in_force: Version | None) -> str:
    if in_force is None:
        return "no version can be used: results wait in NotificationQueue until one can"
    return f"version {in_force.number} is in force: correct the document, then relayctl routes set"


def _print(context: Context, name: str, latest: Version) -> None:
    modified = local(latest.modified.isoformat()) if latest.modified else "unknown"
    head = f"[bold]{plain(name)}[/]  version {latest.number} of {modified}, {size(latest.text)}"
    context.output.text(head, "", *(plain(line) for line in pretty(latest.text).splitlines()), "")
    if latest.routes:
        print_overview(context.output, latest.routes)


def pretty(text: str) -> str:
    """Return a document with a line for each member; as it is, if it is not JSON."""
    value = _parsed(text)
    return text if value is text else json.dumps(value, indent=2, ensure_ascii=False)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

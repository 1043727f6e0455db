"""`routes set`: a document takes the place of the one that is deployed."""

from difflib import unified_diff
from typing import Final

from relay.routes.compiled import Routes
from relay.routes.document import RoutesError

from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.errors import Exit
from relayctl.output import plain
from relayctl.routes.checking import DocumentFile, say_unusable
from relayctl.routes.deployed import READING, SECONDS_UNTIL_IN_FORCE, WRITING, DeployedRoutes
from relayctl.routes.files import read_text
from relayctl.routes.showing import pretty
from relayctl.routes.targets import LOOKING, findings

NEEDS: Final = (*READING, *WRITING, *LOOKING)


def set_routes(context: Context, file: DocumentFile, yes: Yes = False) -> Exit | None:
    """Put a route document into force, after a look at what changes.

    The document must be valid, and its targets must be in the stack's parameter RouteTargetArns;
    a target that it adds must exist. Ends with 1 if it was not put into force. The next deployment
    that changes the parameter Routes replaces it.
    """
    text = read_text(file)
    try:
        routes = Routes.read(text)
    except RoutesError as error:
        say_unusable(context.output, str(file), error)
        return _refused(context, [str(each) for each in error.problems])
    deployed = DeployedRoutes(context.deployment)
    latest = deployed.latest()
    in_force = deployed.in_force(latest)
    before = in_force.routes if in_force else None
    found = list(findings(context.deployment, routes, text, before))
    wrong = [each.text for each in found if not each.unknown]
    for each in found:
        context.output.note(each.text)
    if wrong:
        return _refused(context, wrong)
    if latest.text == text:
        context.output.document({"version": latest.number, "changed": False})
        context.output.text(f"version {latest.number} is this document: nothing changes")
        return None
    _print_difference(context, latest.text, text)
    confirm(context.output, f"Put {file} into force?", yes=yes)
    version = deployed.put(text)
    context.output.document({"version": version, "changed": True})
    if version != latest.number + 1:
        context.output.note(
            f"another change came in between: version {version - 1} is replaced, too. Look at it "
            f"with aws ssm get-parameter --name {deployed.name}:{version - 1}"
        )
    context.output.text(
        f"version {version} is in force within {SECONDS_UNTIL_IN_FORCE} seconds, for results that "
        "are routed then"
    )
    return None


def _refused(context: Context, problems: list[str]) -> Exit:
    context.output.document({"changed": False, "problems": problems})
    context.output.note("the routes were not changed")
    return Exit.ATTENTION


def _print_difference(context: Context, old: str, new: str) -> None:
    """Print the lines that differ; documents that mean the same differ in none."""
    before, after = pretty(old).splitlines(), pretty(new).splitlines()
    lines = list(unified_diff(before, after, "deployed", "new", lineterm=""))
    colors = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        color = colors.get(line[:1], "default")
        context.output.text(f"[{color}]{plain(line)}[/]")
    if not lines:
        context.output.text("only the form of the text changes")

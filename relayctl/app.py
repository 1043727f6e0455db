"""The commands of `relayctl`, in the order in which its help lists them."""

from typing import Any

import typer
from typer.core import TyperGroup

from relayctl.backfills import changing, previewing, starting
from relayctl.backfills import status as progressing
from relayctl.backfills.calls import NEEDS as BACKFILLING
from relayctl.commands import Command
from relayctl.console.command import CONSOLE_NEEDS, console
from relayctl.cost.cost import NEEDS as COUNTING
from relayctl.cost.cost import cost
from relayctl.doctor.doctor import NEEDS as DOCTOR_NEEDS
from relayctl.doctor.doctor import doctor
from relayctl.endpoint import describing, rolling
from relayctl.flow.paused import LOOKING
from relayctl.flow.pausing import NEEDS as PAUSING
from relayctl.flow.pausing import pause, resume
from relayctl.parked.acting import DROPPING, REDRIVING, drop, redrive
from relayctl.parked.selection import READING
from relayctl.parked.showing import parked, show
from relayctl.requests import resubmit as resubmission
from relayctl.requests import submit as submission
from relayctl.requests.listing import count, list_requests
from relayctl.requests.search import ASKING
from relayctl.requests.status import status
from relayctl.requests.tail import tail
from relayctl.routes import checking, deployed, explaining, setting, showing

COMMANDS = (
    Command("submit", submission.submit, (*submission.NEEDS, LOOKING), notes_pauses=False),
    Command("status", status, ASKING),
    Command("doctor", doctor, DOCTOR_NEEDS, notes_pauses=False),
    Command("cost", cost, COUNTING),
    Command("list", list_requests, ASKING),
    Command("count", count, ASKING),
    Command("tail", tail, (*ASKING, LOOKING), notes_pauses=False),
    Command("resubmit", resubmission.resubmit, resubmission.NEEDS),
    Command("parked", parked, READING),
    Command("parked show", show, READING),
    Command("parked redrive", redrive, REDRIVING),
    Command("parked drop", drop, DROPPING),
    Command("pause", pause, PAUSING, notes_pauses=False),
    Command("resume", resume, PAUSING, notes_pauses=False),
    Command("endpoint", describing.endpoint, describing.NEEDS),
    Command("deploy", rolling.deploy, rolling.NEEDS),
    Command("rollback", rolling.rollback, rolling.NEEDS),
    Command("backfill preview", previewing.preview, BACKFILLING),
    Command("backfill start", starting.start, BACKFILLING),
    Command("backfill status", progressing.status, BACKFILLING),
    Command("backfill list", progressing.list_backfills, BACKFILLING),
    Command("backfill pause", changing.pause, BACKFILLING),
    Command("backfill resume", changing.resume, BACKFILLING),
    Command("backfill cancel", changing.cancel, BACKFILLING),
    Command("backfill retry-failed", changing.retry_failed, BACKFILLING),
    Command("routes show", showing.show_routes, deployed.READING),
    Command("routes check", checking.check, offline=True),
    Command("routes set", setting.set_routes, setting.NEEDS),
    Command("routes explain", explaining.explain, explaining.NEEDS),
    Command("console", console, CONSOLE_NEEDS, notes_pauses=False),
)

# Groups of commands, such as `routes check`, by their names, with their help. The command with the
# name of a group is what the name does alone.
GROUPS = {
    "backfill": "Submit objects that exist already, as fast as the endpoint infers them.",
    "parked": "Look at the messages of dead-letter queues, send them back, or delete them.",
    "routes": "Look at the routes of results, check them and change them.",
}


class _Commands(TyperGroup):
    """Typer reads options with pydantic, whose messages begin with the kind of the error."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=_Commands,
        help="Look at a deployed Async Inference Relay, and operate it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    groups = {"": app}
    alone = {command.name for command in COMMANDS} & GROUPS.keys()
    for name, text in GROUPS.items():
        groups[name] = typer.Typer(help=text, no_args_is_help=name not in alone)
        app.add_typer(groups[name], name=name)
    for command in COMMANDS:
        if command.name in alone:
            command.make_default_of(groups[command.name])
        else:
            command.add_to(groups[command.name.rpartition(" ")[0]])
    return app


app = _app()

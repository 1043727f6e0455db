"""`backfill start`, after a preview."""

from typing import Annotated

import typer

from relayctl.backfills import calls
from relayctl.backfills.options import of_start, selecting
from relayctl.backfills.previewing import counted, in_words, show
from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.errors import Exit
from relayctl.output import plain

Name = Annotated[
    str, typer.Option(help="A name of your own. Default: the time.", show_default=False)
]


@selecting
def start(context: Context, selected: dict[str, object], name: Name = "", yes: Yes = False) -> Exit:
    """Submit objects that exist already, as fast as the endpoint infers them; uploads go first.

    Shows the preview, and asks. With --yes it neither counts nor asks. Repeated with the same
    --name and the same options, it starts nothing twice; a time stays the same, an age does not.
    Ends with 1 if the preview counts no object, and starts nothing.
    """
    if not yes:
        answer = counted(context, selected)
        show(context, answer)
        if not answer["objects"]:
            context.output.document(answer)
            context.output.text("nothing was started: no object is selected")
            return Exit.ATTENTION
        confirm(context.output, f"Submit {in_words(answer)}?", yes=yes)
    status = calls.start(context.deployment, of_start(selected), name)
    context.output.document(status)
    started = plain(status["name"])
    context.output.text(
        f"{started} is {plain(status['state'])}: relayctl backfill status {started} --wait shows "
        "its progress"
    )
    return Exit.DONE

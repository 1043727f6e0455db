"""Asking before a command changes much, or something that cannot be undone."""

import sys
from typing import Annotated

import typer

from relayctl.errors import Declined, Misused
from relayctl.output import Output, plain

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask, for scripts.")]


def confirm(output: Output, question: str, *, yes: bool) -> None:
    """Ask a question that is answered by `y`; with `yes`, do not ask.

    Raises:
        Misused: there is no terminal to ask on.
        Declined: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Misused(f"{question} There is no terminal to ask on: add --yes")
    output.console.print(f"{plain(question)} \\[y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Declined("nothing was changed")

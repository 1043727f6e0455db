"""What a command prints: tables for a person, one JSON document for a program."""

import json
import sys
from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table


class Output:
    """Prints to standard output in one of two forms; what is no result goes to standard error.

    Colors are off where the output is no terminal, and with `NO_COLOR`. A program that reads JSON
    gets one document, whatever happens on the way.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # A pipe has no width: a table must not be cut for the 80 columns of an absent terminal.
        width = None if sys.stdout.isatty() else 240
        self._out = Console(width=width, soft_wrap=not sys.stdout.isatty(), highlight=False)
        self._err = Console(stderr=True, highlight=False)

    @property
    def console(self) -> Console:
        """Where progress is shown."""
        return self._err

    def document(self, document: Mapping[str, object] | Sequence[object]) -> None:
        """Print the answer of the command as JSON, if a program reads it."""
        if self.as_json:
            print(json.dumps(document, indent=2, ensure_ascii=False, default=str))

    def text(self, *lines: str) -> None:
        """Print lines for a person. Markup in them must be the command's own: see `plain`."""
        if not self.as_json:
            for line in lines:
                # The terminal wraps it, so that a location or an output is copied as one line.
                self._out.print(line, soft_wrap=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows for a person. Cells are plain text, and wrap rather than disappear."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in header:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(plain(cell) for cell in row))
        self._out.print(table)

    def note(self, text: str) -> None:
        """Say something beside the result, such as what is paused."""
        self._err.print(plain(text), style="yellow")

    def lines_of_error(self, *lines: str) -> None:
        """Print lines about what is wrong, as they are: their columns may matter."""
        for line in lines:
            self._err.print(plain(line), soft_wrap=True)

    def error(self, text: str) -> None:
        self._err.print(f"[bold red]error:[/] {plain(text)}")


def plain(value: object) -> str:
    """Return text in which rich finds no markup: what a model or a caller wrote stays as it is."""
    return "" if value is None else escape(str(value))


def shortened(text: str, places: int) -> str:
    """Return a text of at most so many places; an ellipsis stands for what is left out."""
    if cell_len(text) <= places:
        return text
    head, tail = text, text
    while cell_len(head) > (places - 1) // 2:
        head = head[:-1]
    while cell_len(tail) > places - 1 - cell_len(head):
        tail = tail[1:]
    return f"{head}…{tail}"

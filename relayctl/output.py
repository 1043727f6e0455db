"""What a command prints: tables for a person, one JSON document for a program."""

import json
import re
import sys
from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# Characters that a terminal acts on instead of showing them: controls, and those that turn the
# direction of what follows. Keys of objects and reasons have them if someone wants to deceive.
_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WIDTH_OF_A_PIPE = 100_000
_LONGEST_ID = 40
_READABLE = 20  # places in which a column still has whole words


class Output:
    """Prints to standard output in one of two forms; what is no result goes to standard error.

    Colors are off where the output is no terminal, and with `NO_COLOR`. A program that reads JSON
    gets one document, whatever happens on the way.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # A pipe has no width: a row is one line, for `grep` and `awk`.
        width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
        # ":x:" in a key or a reason is no emoji.
        self._out = Console(
            width=width, soft_wrap=not sys.stdout.isatty(), highlight=False, emoji=False
        )
        self._err = Console(stderr=True, highlight=False, emoji=False)

    @property
    def console(self) -> Console:
        """Where progress is shown."""
        return self._err

    def document(self, document: Mapping[str, object] | Sequence[object]) -> None:
        """Print the answer of the command as JSON, if a program reads it."""
        if self.as_json:
            print(json_text(document, indent=2))

    def text(self, *lines: str) -> None:
        """Print lines for a person. Markup in them must be the command's own: see `plain`."""
        if not self.as_json:
            for line in lines:
                # The terminal wraps it, so that a location or an output is copied as one line.
                self._out.print(line, soft_wrap=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows for a person. Cells are plain text, and wrap rather than disappear.

        Where the columns would be slivers, each row is printed as lines, as `status` prints one.
        """
        if self.as_json:
            return
        if rows and _least_width(header, rows) > self._out.width:
            self._records(header, rows)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        cells = [[plain(cell) for cell in row] for row in rows]
        # An id is copied, so it stays whole; a reason wraps.
        whole = all(cell_len(row[0]) <= _LONGEST_ID for row in cells)
        for number, name in enumerate(header):
            table.add_column(name, overflow="fold", no_wrap=whole and number == 0)
        for row in cells:
            table.add_row(*row)
        self._out.print(table)

    def _records(self, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        first, *names = header
        width = max(map(cell_len, names), default=0)
        for number, (name, *cells) in enumerate(rows):
            if number:
                self.text("")
            self.text(f"{first} [bold]{plain(name)}[/]")
            for label, cell in zip(names, map(plain, cells), strict=True):
                if cell:
                    self.text(f"  {label:<{width}}  {cell}")

    def note(self, text: str) -> None:
        """Say something beside the result, such as what is paused."""
        # As with `text`: a command that it names is copied as one line.
        self._err.print(_plain_lines(text), style="yellow", soft_wrap=True)

    def lines_of_error(self, *lines: str) -> None:
        """Print lines about what is wrong, as they are: their columns may matter."""
        for line in lines:
            self._err.print(plain(line), soft_wrap=True)

    def error(self, text: str) -> None:
        self._err.print(f"[bold red]error:[/] {_plain_lines(text)}", soft_wrap=True)


def _least_width(header: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Return the width below which a person cannot read these columns side by side."""
    columns = zip(header, *(map(plain, row) for row in rows), strict=True)
    natural = [max(map(cell_len, column)) for column in columns]
    # The first one is not narrowed: it is what a person copies.
    first, *others = natural
    return min(first, _LONGEST_ID) + sum(2 + min(each, _READABLE) for each in others)


def plain(value: object) -> str:
    """Return one line in which rich finds no markup, and a terminal nothing to act on.

    What a model or a caller wrote stays as it is, but for characters that would not be shown.
    """
    return "" if value is None else escape(visible(str(value)).replace("\n", "\\n"))


def _plain_lines(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))


def visible(text: str) -> str:
    """Return a text with the escapes of characters on which a terminal acts; lines stay lines."""
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def json_text(document: object, indent: int | None = None) -> str:
    """Return JSON that reads the same, and on whose characters no terminal acts."""
    text = json.dumps(document, indent=indent, ensure_ascii=False, default=str)
    # JSON escapes the other controls itself.
    return visible(text)


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

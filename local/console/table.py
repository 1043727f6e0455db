"""Text in aligned columns, right also for letters that take two places on a terminal."""

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One line for the header, one for each row, two spaces between columns."""
    lines = [header, *rows]
    widths = [max(width(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell + " " * (w - width(cell)) for cell, w in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def shortened(text: str, places: int) -> str:
    """At most that many places; what is left out of the middle becomes an ellipsis."""
    if width(text) <= places:
        return text
    head, tail = text, text
    while width(head) > (places - 1) // 2:
        head = head[:-1]
    while width(tail) > places - 1 - width(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def width(text: str) -> int:
    """Places on a terminal: East Asian letters take two, combining marks none."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )

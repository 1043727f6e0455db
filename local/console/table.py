"""Text in aligned columns, correct also for letters that take two places on a terminal."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One line for the header, one for each row, two spaces between columns."""
    lines = [header, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join("  ".join(map(set_cell_size, line, widths)).rstrip() for line in lines)

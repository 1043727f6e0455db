"""Progress on standard error, where a person watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from relayctl.output import Output, visible


@contextmanager
def progress(
    output: Output, description: str, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; yield a function that adds to what is done.

    Without a `total`, the bar shows that work goes on, and the number that is done. Nothing is
    shown with `--json`, or where standard error is no terminal.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn() if total else TextColumn("{task.completed}"),
        TimeElapsedColumn(),
    )
    hidden = output.as_json or not output.console.is_terminal
    with Progress(*columns, console=output.console, disable=hidden, transient=True) as shown:
        task = shown.add_task(visible(description), total=total)
        yield lambda number: shown.advance(task, number)

"""Progress on a terminal and elsewhere."""

import io

import pytest

from local.console.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_changes() -> None:
    terminal = _Terminal()
    shown = Progress(terminal)

    shown.show("1 of 2")
    shown.show("2 of 2")
    shown.done("2 results")

    assert terminal.getvalue() == "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[K2 results\n"


def test_a_file_gets_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((100.0, 101.0, 102.9, 103.1))
    monkeypatch.setattr("local.console.progress.monotonic", lambda: next(times))
    file = io.StringIO()
    shown = Progress(file)

    for n in range(1, 5):
        shown.show(f"{n} of 9")
    shown.done("9 results")

    assert file.getvalue() == "1 of 9\n4 of 9\n9 results\n"

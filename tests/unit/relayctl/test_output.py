"""What `relayctl` prints."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from relayctl.output import Output, plain, shortened
from relayctl.progress import progress


def test_a_long_text_loses_its_middle() -> None:
    assert shortened("inputs/a very long name.csv", 15) == "inputs/…ame.csv"
    assert shortened("short", 15) == "short"


def test_a_long_text_of_wide_letters_still_fits() -> None:
    assert cell_len(shortened("行" * 50, 11)) <= 11


def test_a_line_is_one_line_however_narrow_the_terminal_is() -> None:
    output, printed = Output(as_json=False), StringIO()
    output._out = Console(file=printed, width=20, force_terminal=True, color_system=None)
    location = "s3://relay-data-000000000000-us-east-1/outputs/1e78d622e310afe3.out"

    output.text(location)

    assert printed.getvalue().splitlines() == [location]


_HOSTILE = "inputs/\x1b[31mred\x1b[0m\x9b2J\u202egnp.\r:x:[red]é行"
_SHOWN = "inputs/\\u001b[31mred\\u001b[0m\\u009b2J\\u202egnp.\\u000d:x:[red]é行"


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "show",
    [
        lambda output: output.text(plain(_HOSTILE)),
        lambda output: output.table(["key"], [[_HOSTILE]]),
        lambda output: output.note(_HOSTILE),
        lambda output: output.lines_of_error(_HOSTILE),
        lambda output: output.error(_HOSTILE),
    ],
)
def test_no_key_of_an_object_acts_on_the_terminal(
    show: Callable[[Output], None], printed: Callable[[], str]
) -> None:
    show(Output(as_json=False))

    assert _SHOWN in printed().replace("\n", "")


def test_json_reads_the_same_and_does_not_act_on_the_terminal(
    printed: Callable[[], str],
) -> None:
    Output(as_json=True).document({"key": _HOSTILE + "\n"})

    text = printed()
    assert json.loads(text) == {"key": _HOSTILE + "\n"}
    assert not {"\x1b", "\x9b", "\u202e", "\r"} & set(text)
    assert "é行" in text


def test_a_key_with_a_line_break_is_one_line(printed: Callable[[], str]) -> None:
    Output(as_json=False).text(plain("inputs/a\nb.csv"))

    assert printed() == "inputs/a\\nb.csv\n"


def test_an_error_of_several_lines_keeps_them(printed: Callable[[], str]) -> None:
    Output(as_json=False).error("one\ntwo")

    assert printed() == "error: one\ntwo\n"


def test_a_bar_shows_the_name_of_a_file_as_it_is() -> None:
    output, shown = Output(as_json=False), StringIO()
    output._err = Console(file=shown, width=80, force_terminal=True, color_system=None)

    with progress(output, "Uploading :x:[red]\x1b]0;t\x07.csv"):
        pass

    assert "Uploading :x:[red]\\u001b]0;t\\u0007.csv" in shown.getvalue()


def test_a_row_in_a_pipe_is_one_line(printed: Callable[[], str]) -> None:
    row = ["0" * 32, "failed", "s3://relay-data/inputs/" + "a" * 900, "reason " * 200]

    Output(as_json=False).table(["request", "state", "input", "reason"], [row, row])

    assert len(printed().splitlines()) == 3


def test_an_id_is_copied_as_one_word_from_a_narrow_terminal() -> None:
    output, shown = Output(as_json=False), StringIO()
    output._out = Console(file=shown, width=80, force_terminal=True, color_system=None)

    header = ["request", "state", "submitted (UTC)", "input", "reason"]
    output.table(header, [["0" * 32, "failed", "2026-11-30 15:33:27", "a" * 200, "reason " * 20]])

    assert "0" * 32 in shown.getvalue()


def test_a_long_reason_wraps_and_its_number_stays() -> None:
    output, shown = Output(as_json=False), StringIO()
    output._out = Console(file=shown, width=80, force_terminal=True, color_system=None)

    output.table(["reason", "requests"], [["word " * 40, 327]])

    assert shown.getvalue().count("word") == 40
    assert "327" in shown.getvalue()


@pytest.mark.parametrize("width", [30, 80])
def test_rows_whose_columns_would_be_slivers_are_printed_as_lines(width: int) -> None:
    output, shown = Output(as_json=False), StringIO()
    output._out = Console(file=shown, width=width, force_terminal=True, color_system=None)

    header = ["request", "state", "submitted (UTC)", "input", "reason"]
    row = ["0" * 32, "failed", "2026-11-30 15:33:27", "s3://relay-data/inputs/[a].csv", "word " * 9]
    output.table(header, [row, [*row[:-1], None]])

    first = [
        f"request {'0' * 32}",
        "  state            failed",
        "  submitted (UTC)  2026-11-30 15:33:27",
        "  input            s3://relay-data/inputs/[a].csv",
    ]
    reason = f"  reason           {'word ' * 9}"
    assert shown.getvalue().splitlines() == [*first, reason, "", *first]


def test_a_command_in_a_note_is_copied_as_one_line() -> None:
    output, shown = Output(as_json=False), StringIO()
    output._err = Console(file=shown, width=40, force_terminal=True, color_system=None)
    command = "relayctl list --prefix s3://relay-data-000000000000-us-east-1/inputs/"

    output.note(command)
    output.error(command)

    assert shown.getvalue().splitlines() == [command, f"error: {command}"]

"""What `relayctl` prints."""

from io import StringIO

from rich.cells import cell_len
from rich.console import Console

from relayctl.output import Output, shortened


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

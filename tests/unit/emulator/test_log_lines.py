"""No caller writes lines of the emulator's log."""

import logging

import pytest
from async_endpoint_emulator.log_lines import OneLine


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x1b[2K", "\x85", "\u2028"])
def test_a_message_is_one_line_of_printable_characters(end: str) -> None:
    record = logging.LogRecord("", logging.INFO, "", 1, "refused %s", (f"/ä{end}root",), None)

    text = OneLine("%(message)s").format(record)

    assert text.isprintable()
    assert (text.startswith("refused /ä\\"), text.endswith("root")) == (True, True)

"""Text in columns."""

from rich.cells import cell_len

from local.console.table import shortened, table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    text = table(("key", "n"), [("a", "1"), ("long key", "22")])

    assert text == "key       n\na         1\nlong key  22"


def test_letters_that_take_two_places_are_counted_as_two() -> None:
    first, second = table(("行行", "n"), [("abcd", "1")]).splitlines()

    assert first == "行行  n"
    assert second == "abcd  1"


def test_a_combining_mark_takes_no_place() -> None:
    first, second = table(("o\u0308", "n"), [("a", "1")]).splitlines()

    assert first == "o\u0308  n"
    assert second == "a  1"


def test_a_long_text_loses_its_middle() -> None:
    assert shortened("inputs/a very long name.csv", 15) == "inputs/…ame.csv"
    assert shortened("short", 15) == "short"


def test_a_long_text_of_wide_letters_still_fits() -> None:
    assert cell_len(shortened("行" * 50, 11)) <= 11

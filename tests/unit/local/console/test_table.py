"""Text in columns."""

from local.console.table import table


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

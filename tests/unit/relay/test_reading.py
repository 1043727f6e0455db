"""Typed reading: every problem is remembered, and named by its path."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from relay.errors import ConfigurationError, UnreadableMessage
from relay.reading import Problem, Reader
from relay.s3uri import S3Uri

Reading = Callable[[Reader], object]
LETTERS = re.compile("[a-z]+")


@pytest.mark.parametrize(
    "read",
    [
        lambda reader: reader.optional_text("x"),
        lambda reader: reader.optional_integer("x"),
        lambda reader: reader.optional_time("x"),
        lambda reader: reader.optional_location("x"),
        lambda reader: reader.optional_object("x"),
    ],
)
@pytest.mark.parametrize("members", [{}, {"x": None}])
def test_what_is_optional_may_be_absent_or_null(read: Reading, members: dict[str, object]) -> None:
    reader = Reader(members)

    assert read(reader) is None
    assert reader.problems == ()


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (lambda reader: reader.text("x"), None, "a.x is missing"),
        (lambda reader: reader.text("x"), "", "a.x is missing"),
        (lambda reader: reader.text("x"), 5, "a.x must be a string, not a number"),
        (lambda reader: reader.text("x"), "\udc80", "a.x contains an unpaired surrogate"),
        (lambda reader: reader.matching("x", LETTERS, "letters"), None, "a.x is missing"),
        (
            lambda reader: reader.matching("x", LETTERS, "letters"),
            "7",
            "a.x must be letters, not '7'",
        ),
        (lambda reader: reader.object("x"), None, "a.x is missing"),
        (lambda reader: reader.object("x"), [], "a.x must be a JSON object, not a list"),
        (lambda reader: list(reader.objects("x")), None, "a.x is missing"),
        (lambda reader: list(reader.objects("x")), {}, "a.x must be a list, not an object"),
        (lambda reader: list(reader.objects("x")), [], "a.x is empty"),
        (
            lambda reader: list(reader.objects("x")),
            [{}, 1],
            "a.x[1] must be a JSON object, not a number",
        ),
        (
            lambda reader: reader.optional_time("x"),
            "yesterday",
            "a.x must be a time in ISO 8601",
        ),
        (
            lambda reader: reader.optional_time("x"),
            "0001-01-01T00:00:00+14:00",
            "a.x must be a time in ISO 8601",
        ),
        (
            lambda reader: reader.optional_location("x"),
            "a.csv",
            "a.x is not an S3 location: 'a.csv'",
        ),
    ],
)
def test_what_is_wrong_is_named_once_by_its_path(
    read: Reading, value: object, problem: str
) -> None:
    reader = Reader({"x": value}, "a")

    read(reader)

    assert list(map(str, reader.problems)) == [problem]


@pytest.mark.parametrize("value", ["5", 5.0, True, 10**40, -(10**40)])
def test_an_integer_is_a_number_that_json_keeps_exact(value: object) -> None:
    reader = Reader({"x": value}, "a")

    assert reader.optional_integer("x") is None
    assert str(reader.problems[0]).startswith("a.x must be a whole number of at most 2^53")


@pytest.mark.parametrize("value", ["", "many", "-1", "4", "11", "٧", "9" * 9999])
def test_a_whole_number_in_a_string_has_bounds(value: str) -> None:
    reader = Reader({"x": value})

    reader.whole_number("x", 5, 10)

    assert list(map(str, reader.problems)) == [
        f"x must be a whole number from 5 to 10, not {value!r}"
    ]


def test_a_whole_number_without_a_maximum_has_a_minimum() -> None:
    reader = Reader({"x": "4", "y": "999999"})

    reader.whole_number("x", 5)

    assert reader.whole_number("y", 5) == 999_999
    assert list(map(str, reader.problems)) == ["x must be a whole number of at least 5, not '4'"]


@pytest.mark.parametrize(("value", "problems"), [("", 0), (None, 0), ("x", 1), ("99", 1)])
def test_a_default_stands_in_for_a_whole_number(value: object, problems: int) -> None:
    reader = Reader({"x": value})

    assert reader.whole_number("x", 5, 10, default=7) == 7
    assert len(reader.problems) == problems


def test_an_empty_location_is_none() -> None:
    assert Reader({"x": ""}).optional_location("x") is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-11T09:14:52.306Z", datetime(2026, 3, 11, 9, 14, 52, 306000, UTC)),
        ("2026-03-11T09:14:52.45Z", datetime(2026, 3, 11, 9, 14, 52, 450000, UTC)),
        ("2026-03-11T09:14:52.123456789Z", datetime(2026, 3, 11, 9, 14, 52, 123456, UTC)),
        ("2026-03-11T09:14:52Z", datetime(2026, 3, 11, 9, 14, 52, 0, UTC)),
        ("2026-03-11T09:14:52", datetime(2026, 3, 11, 9, 14, 52, 0, UTC)),
        ("2026-03-11T09:14:52+02:00", datetime(2026, 3, 11, 7, 14, 52, 0, UTC)),
    ],
)
def test_times_have_any_number_of_fraction_digits(text: str, time: datetime) -> None:
    assert Reader({"x": text}).optional_time("x") == time


def test_what_is_right_comes_out_with_its_type() -> None:
    reader = Reader(
        {"text": "t", "number": 5, "count": "12", "where": "s3://data/k", "in": {"x": "y"}}
    )

    assert reader.text("text") == "t"
    assert reader.matching("text", LETTERS, "letters") == "t"
    assert reader.optional_integer("number") == 5
    assert reader.whole_number("count", 0) == 12
    assert reader.optional_location("where") == S3Uri("data", "k")
    assert reader.object("in").text("x") == "y"
    assert "in" in reader
    assert "out" not in reader
    assert reader.problems == ()


def test_every_problem_is_in_one_error_in_the_order_in_which_it_was_met() -> None:
    reader = Reader({"routes": [{"to": 7}, 5, {"to": ""}], "size": "x"})

    for route in reader.objects("routes"):
        route.text("to")
    reader.optional_integer("size")
    reader.object("more").text("name")

    with pytest.raises(ConfigurationError) as raised:
        reader.check(ConfigurationError, "the document is wrong: ")
    assert str(raised.value) == (
        "the document is wrong: routes[0].to must be a string, not a number; "
        "routes[1] must be a JSON object, not a number; routes[2].to is missing; "
        "size must be a whole number of at most 2^53, not a string; more is missing; "
        "more.name is missing"
    )


def test_a_problem_that_is_met_twice_is_remembered_once() -> None:
    reader = Reader([])

    assert reader.text("x") == reader.text("x") == ""
    assert reader.problems == (
        Problem("the message", "must be a JSON object, not a list", separator=" "),
        Problem("x", "is missing", separator=" "),
    )


def test_nothing_is_raised_where_nothing_is_wrong() -> None:
    Reader({}).check(UnreadableMessage)


def test_unknown_members_are_refused_with_a_hint() -> None:
    reader = Reader({"size": 1, "sise": 1, "\ud800" * 100: 1}, "a")

    reader.only(("size",), lambda name: f"{len(name)} characters")

    assert list(map(str, reader.problems)) == [
        "a.sise is not known; 4 characters",
        "a." + r"\ud800" * 80 + " is not known; 100 characters",
    ]


@pytest.mark.parametrize(
    ("name", "refused"),
    [("x", True), ("x.y", True), ("x.y[0]", True), ("x.yy", False), ("z", False)],
)
def test_a_problem_below_a_member_is_a_problem_of_the_member(name: str, refused: bool) -> None:
    reader = Reader({"x": {"y": [5]}}, "a")

    list(reader.object("x").objects("y"))

    assert reader.has_refused(name) is refused


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("to", "is missing", separator=" "), "to is missing"),
        (Problem("to", "it is no ARN"), "to: it is no ARN"),
        (Problem("", "it is no JSON"), "it is no JSON"),
        (Problem("when", "it ends", "a ==", 5), "when, character 5: it ends"),
    ],
)
def test_a_problem_says_where_it_is(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "true"), (1.5, "a number"), ([], "a list"), ({}, "an object")],
)
def test_a_value_of_another_type_is_described_and_not_repeated(value: object, kind: str) -> None:
    class Strict(Reader):
        null_is_absent = False

    reader = Strict({"x": value})

    reader.text("x")

    assert list(map(str, reader.problems)) == [f"x must be a string, not {kind}"]

"""Typed reading of JSON: what is wrong is named by its path."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.s3uri import S3Uri

Reading = Callable[[Fields], object]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda fields: fields.optional_text("x"), None),
        (lambda fields: fields.optional_integer("x"), None),
        (lambda fields: fields.optional_number("x"), None),
        (lambda fields: fields.optional_time("x"), None),
        (lambda fields: fields.optional_location("x"), None),
        (lambda fields: fields.optional_object("x"), None),
    ],
)
@pytest.mark.parametrize("members", [{}, {"x": None}])
def test_what_is_optional_may_be_absent_or_null(
    read: Reading, value: object, members: dict[str, object]
) -> None:
    assert read(Fields(members)) is value


@pytest.mark.parametrize(
    ("read", "value", "complaint"),
    [
        (lambda fields: fields.text("x"), None, "a.x is missing"),
        (lambda fields: fields.text("x"), "", "a.x is missing"),
        (lambda fields: fields.text("x"), 5, "a.x is not a string"),
        (lambda fields: fields.text("x"), "\udc80", "a.x holds half a character"),
        (lambda fields: fields.object("x"), None, "a.x is missing"),
        (lambda fields: fields.object("x"), [], "a.x is not a JSON object"),
        (lambda fields: list(fields.objects("x")), {}, "a.x is not a list"),
        (lambda fields: list(fields.objects("x")), [], "a.x is empty"),
        (lambda fields: list(fields.objects("x")), [{}, 1], r"a.x\[1\] is not a JSON object"),
        (lambda fields: fields.optional_integer("x"), "5", "a.x is not a whole number"),
        (lambda fields: fields.optional_integer("x"), 5.0, "a.x is not a whole number"),
        (lambda fields: fields.optional_integer("x"), True, "a.x is not a whole number"),
        (lambda fields: fields.optional_integer("x"), 10**40, "a.x is not a whole number"),
        (lambda fields: fields.optional_integer("x"), -(10**40), "a.x is not a whole number"),
        (lambda fields: fields.optional_number("x"), "many", "a.x is not a whole number"),
        (lambda fields: fields.optional_number("x"), "9" * 9999, "a.x is not a whole number"),
        (lambda fields: fields.optional_time("x"), "yesterday", "a.x is not a time: 'yesterday'"),
        (lambda fields: fields.optional_time("x"), "0001-01-01T00:00:00+14:00", "is not a time"),
        (lambda fields: fields.optional_location("x"), "a.csv", "a.x: not an S3 location: 'a.csv'"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(read: Reading, value: object, complaint: str) -> None:
    with pytest.raises(UnreadableMessage, match=complaint):
        read(Fields({"x": value}, "a"))


def test_an_empty_location_is_none() -> None:
    assert Fields({"x": ""}).optional_location("x") is None


def test_a_message_that_is_no_object_is_named_as_such() -> None:
    with pytest.raises(UnreadableMessage, match="the message is not a JSON object"):
        Fields([])


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
    assert Fields({"x": text}).optional_time("x") == time


def test_a_valid_value_is_returned_with_its_type() -> None:
    fields = Fields(
        {"text": "t", "number": 5, "count": "12", "where": "s3://b/k", "in": {"x": "y"}}
    )

    assert fields.text("text") == "t"
    assert fields.optional_integer("number") == 5
    assert fields.optional_number("count") == 12
    assert fields.optional_location("where") == S3Uri("b", "k")
    assert fields.object("in").text("x") == "y"
    assert fields.names() == ["text", "number", "count", "where", "in"]

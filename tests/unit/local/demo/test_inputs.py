"""What the demo uploads."""

from local.demo.inputs import (
    deleted_input,
    early_input,
    excerpt,
    refused_inputs,
    too_long_input,
)
from local.load.inputs import Kind, Row, row_inputs

_ROW = Row(b"1,2,3", 0.25, "benign")


def test_every_row_has_its_own_key_and_the_difficult_letters_are_among_them() -> None:
    keys = [item.key for item in row_inputs([_ROW] * 200)]

    assert len(set(keys)) == 200
    for letters in (" ", "+", "%25", "ö", "行"):
        assert any(letters in key for key in keys)


def test_the_long_key_fits_s3_but_its_uri_fits_no_request() -> None:
    key = too_long_input(_ROW).key

    assert len(key.encode()) <= 1024
    assert len(f"s3://relay-data-000000000000-us-east-1/{key}") > 1024


def test_the_excerpt_shows_one_of_each_kind() -> None:
    inputs = [
        early_input(_ROW),
        deleted_input(_ROW),
        *row_inputs([_ROW] * 50),
        *refused_inputs(5),
        too_long_input(_ROW),
    ]

    chosen = excerpt(inputs)

    assert {item.kind for item in chosen} == set(Kind)
    assert len(chosen) < 15

"""Where inputs lie, and what their prefix adds to a request."""

from typing import Any

import pytest
from relay.inputs.defaults import RequestDefaults
from relay.inputs.inputs import Inputs, NamedFolder, overlaps
from relay.model import InferenceRequest
from relay.s3uri import S3Uri

LAKE = "lake"
FRAUD = RequestDefaults(custom_attributes="team=fraud", ttl_seconds=600)
LATE = RequestDefaults(accept="text/csv")
TWO = Inputs(
    (S3Uri(LAKE, "fraud/in/"), S3Uri(LAKE, "orders/in/")),
    {"fraud/in/late/": LATE, "fraud/in/": FRAUD},
)


def request(key: str, bucket: str = LAKE, **members: Any) -> InferenceRequest:
    return InferenceRequest("r" * 32, S3Uri(bucket, key), **members)


@pytest.mark.parametrize(
    ("key", "inside"),
    [
        ("fraud/in/a.csv", True),
        ("orders/in/2026/größe + 1.csv", True),
        ("fraud/input/a.csv", False),
        ("fraud/out/a.csv", False),
        ("fraud/in/../out/a.csv", False),
    ],
)
def test_an_input_lies_under_one_of_the_folders(key: str, inside: bool) -> None:
    assert TWO.contains(S3Uri(LAKE, key)) is inside
    assert not TWO.contains(S3Uri("other", key))


def test_a_request_gets_the_defaults_of_its_prefix() -> None:
    made = TWO.with_defaults(request("fraud/in/a.csv"))

    assert (made.custom_attributes, made.ttl_seconds, made.accept) == ("team=fraud", 600, None)


def test_the_longest_prefix_applies_alone() -> None:
    made = TWO.with_defaults(request("fraud/in/late/a.csv"))

    assert (made.custom_attributes, made.accept) == (None, "text/csv")


@pytest.mark.parametrize(
    "plain",
    [
        request("orders/in/a.csv"),
        request("fraud/in/a.csv", bucket="other"),
        request("fraud/in/../x.csv"),
        InferenceRequest("r" * 32, body=b"1"),
    ],
)
def test_no_prefix_adds_nothing(plain: InferenceRequest) -> None:
    assert TWO.with_defaults(plain) == plain


def test_what_a_request_states_itself_stays() -> None:
    own = request("fraud/in/a.csv", custom_attributes="team=other", ttl_seconds=60, accept="*/*")

    assert TWO.with_defaults(own) == own


def test_stated_attributes_may_be_empty() -> None:
    assert TWO.with_defaults(request("fraud/in/a.csv", custom_attributes="")).custom_attributes == (
        ""
    )


def test_a_request_that_comes_back_to_the_queue_keeps_what_it_had() -> None:
    again = request("fraud/in/a.csv", attempt=2, from_relay=True)

    assert TWO.with_defaults(again) == again


@pytest.mark.parametrize(
    ("folders", "key", "subfolder"),
    [
        (["in/"], "in/a.csv", ""),
        (["in/"], "in/orders/2026/a.csv", "orders/2026"),
        (["fraud/in/", "orders/in/"], "orders/in/a.csv", "orders/in"),
        (["fraud/in/", "orders/in/"], "fraud/in/2026/a.csv", "fraud/in/2026"),
    ],
)
def test_a_subfolder_is_below_the_only_folder_or_names_which_of_several(
    folders: list[str], key: str, subfolder: str
) -> None:
    inputs = Inputs(tuple(S3Uri(LAKE, each) for each in folders))

    assert inputs.subfolder(S3Uri(LAKE, key)) == subfolder


def test_folders_are_named_as_a_reader_would() -> None:
    assert str(TWO) == "s3://lake/fraud/in/ or s3://lake/orders/in/"


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("s3://lake/a/", "s3://lake/a/", True),
        ("s3://lake/a/", "s3://lake/a/b/", True),
        ("s3://lake/a/b/", "s3://lake/a/", True),
        ("s3://lake/a/", "s3://lake/ab/", False),
        ("s3://lake/a/", "s3://pond/a/", False),
    ],
)
def test_folders_overlap_if_one_contains_the_other(one: str, other: str, overlap: bool) -> None:
    first, second = NamedFolder("one", S3Uri.parse(one)), NamedFolder("two", S3Uri.parse(other))

    assert list(overlaps([first, second])) == ([(first, second)] if overlap else [])

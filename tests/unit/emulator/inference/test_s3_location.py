"""S3 locations in the forms that SageMaker writes and accepts."""

import pytest
from async_endpoint_emulator.inference.s3_location import S3Location


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://b/a b/c:d.csv", "b", "a b/c:d.csv"),
        ("s3://b", "b", ""),
        ("https://b.s3.eu-west-1.amazonaws.com/a%20b.csv", "b", "a b.csv"),
        ("https://s3.eu-west-1.amazonaws.com/b/a.csv", "b", "a.csv"),
    ],
)
def test_each_form_is_read(text: str, bucket: str, key: str) -> None:
    assert S3Location.parse(text) == S3Location(bucket, key)


def test_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="not an S3 location"):
        S3Location.parse("https://example.com/a")


def test_parts_are_joined_by_single_slashes_whatever_the_path_ends_with() -> None:
    for path in ("s3://b/outputs", "s3://b/outputs/"):
        assert str(S3Location.parse(path).under("/day/1/", "x.out")) == "s3://b/outputs/day/1/x.out"
    assert str(S3Location.parse("s3://b").under("", "x.out")) == "s3://b/x.out"

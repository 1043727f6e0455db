"""Reading and writing S3 locations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.s3uri import S3Uri

ANYTHING = st.text(st.characters() | st.characters(categories=["Cs"])) | st.text(min_size=1_000)
BUCKETS = st.text("abcXYZ019._-", min_size=3, max_size=255) | ANYTHING


@given(BUCKETS, ANYTHING)
def test_whatever_is_accepted_survives_being_written_and_read(bucket: str, key: str) -> None:
    try:
        uri = S3Uri(bucket, key)
    except ValueError:
        return

    assert S3Uri.parse(str(uri)) == uri


@pytest.mark.parametrize("bucket", ["", "ab", "/x", "a/b", "a b", "a\tb", "abc\n", "x" * 256])
def test_what_no_bucket_can_be_called_is_refused(bucket: str) -> None:
    with pytest.raises(ValueError, match="not an S3 location: .* is not the name of a bucket"):
        S3Uri(bucket, "key")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("a\ud800", "its key contains an unpaired surrogate"),
        ("k" * 1025, "its key has 1,025 bytes; S3 accepts at most 1,024"),
        ("ü" * 513, "its key has 1,026 bytes; S3 accepts at most 1,024"),
    ],
)
def test_what_no_key_can_be_is_refused(key: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"not an S3 location: {problem}"):
        S3Uri("bucket", key)


def test_the_longest_key_is_accepted() -> None:
    assert S3Uri("bucket", "ü" * 512).key == "ü" * 512


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://bucket/inputs/a b:c.csv", "bucket", "inputs/a b:c.csv"),
        ("s3://bucket/inputs/50%25.csv", "bucket", "inputs/50%25.csv"),
        ("s3://bucket/", "bucket", ""),
        ("https://bucket.s3.us-east-1.amazonaws.com/outputs/a.out", "bucket", "outputs/a.out"),
        ("https://bucket.s3.amazonaws.com/outputs/a%20b.out", "bucket", "outputs/a b.out"),
        ("https://my.bucket.s3.eu-west-1.amazonaws.com/a.out", "my.bucket", "a.out"),
        ("https://s3.us-east-1.amazonaws.com/bucket/outputs/a.out", "bucket", "outputs/a.out"),
        ("https://s3-us-west-2.amazonaws.com/bucket/a.out", "bucket", "a.out"),
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn/a.out", "bucket", "a.out"),
        ("https://bucket.s3.dualstack.us-east-1.amazonaws.com/a.out", "bucket", "a.out"),
        ("https://bucket.s3-fips.dualstack.us-gov-west-1.amazonaws.com/a", "bucket", "a"),
        ("https://bucket.s3-external-1.amazonaws.com/a.out", "bucket", "a.out"),
        ("https://bucket.s3.eusc-de-east-1.amazonaws.eu/a.out", "bucket", "a.out"),
        # Buckets with names that begin like one of S3's hosts.
        ("https://s3-evil.s3.amazonaws.com/bucket/a.out", "s3-evil", "bucket/a.out"),
        ("https://s3-evil.s3.us-east-1.amazonaws.com/bucket/a", "s3-evil", "bucket/a"),
        ("https://s3.eu-west-1.s3.amazonaws.com/bucket/a", "s3.eu-west-1", "bucket/a"),
    ],
)
def test_every_form_that_sagemaker_uses_is_read(text: str, bucket: str, key: str) -> None:
    assert S3Uri.parse(text) == S3Uri(bucket, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bucket/key",
        "s3://bucket",
        "s3:///key",
        "http://bucket.s3.amazonaws.com/key",
        "https://example.com/bucket/key",
        "https://bucket.s3.example.com/key",
        "https://bucket.s3.amazonaws.com.example.com/key",
        "https://example.com/x.s3.amazonaws.com/key",
        "https://s3.example.com/bucket/key",
        "https://bucket.s3.us-east-1.amazonaws.com",
        "https://user@bucket.s3.us-east-1.amazonaws.com/key",
        # An access point of any account, and hosts of other services.
        "https://bucket-111122223333.s3-accesspoint.us-east-1.amazonaws.com/key",
        "https://bucket.s3-evil.amazonaws.com/key",
        "https://s3-evil.amazonaws.com/bucket/key",
    ],
)
def test_anything_else_is_no_location(text: str) -> None:
    with pytest.raises(ValueError, match="not an S3 location"):
        S3Uri.parse(text)


def test_a_problem_with_a_long_text_is_short() -> None:
    with pytest.raises(ValueError, match="not an S3 location") as caught:
        S3Uri.parse("x" * 1_000_000)

    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("key", "inside"),
    [
        ("inputs/a.csv", True),
        ("inputs/deeper/a..b/c.csv", True),
        ("inputs.csv", False),
        ("inputs-old/a.csv", False),
        ("inputs/../outputs/a.csv", False),
        ("inputs/..", False),
        ("a.csv", False),
    ],
)
def test_a_folder_contains_what_lies_under_it(key: str, inside: bool) -> None:
    assert S3Uri("bucket", "inputs/").contains(S3Uri("bucket", key)) is inside


def test_a_folder_contains_nothing_of_another_bucket() -> None:
    assert not S3Uri("bucket", "inputs/").contains(S3Uri("bucket2", "inputs/a.csv"))

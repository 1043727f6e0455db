"""What SageMaker takes: each limit is met exactly and refused one beyond, in words for a person."""

from typing import Any

import pytest
from relay.model import InferenceRequest
from relay.s3uri import S3Uri
from relay.submit.limits import output_extension, problems

from tests.support.samples import BUCKET, INPUT_FOLDERS, INPUTS


def request(**members: Any) -> InferenceRequest:
    return InferenceRequest("r" * 32, **{"location": S3Uri(BUCKET, "inputs/a.csv"), **members})


def location(characters: int) -> S3Uri:
    """An input whose URI has so many characters."""
    key = "inputs/".ljust(characters - len(f"s3://{BUCKET}/"), "k")
    return S3Uri(BUCKET, key)


@pytest.mark.parametrize(
    "good",
    [
        request(),
        request(location=location(1024)),
        request(location=S3Uri(BUCKET, "inputs/größe + (1): 日本.csv")),
        request(location=None, body=b""),
        request(location=None, body=b"x" * 128_000),
        request(size=1024**3),
        request(content_type="x" * 1024, accept="text/html; charset=utf-8"),
        request(custom_attributes="~" * 1024),
        request(ttl_seconds=60, timeout_seconds=1),
        request(ttl_seconds=21_600, timeout_seconds=3_600),
    ],
)
def test_what_sagemaker_takes_has_no_problem(good: InferenceRequest) -> None:
    assert problems(good, INPUT_FOLDERS) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            request(location=location(1025)),
            "input location has 1,025 characters and SageMaker accepts at most 1,024; "
            "use a shorter key",
        ),
        (
            request(location=S3Uri(BUCKET, "inputs/a\nb.csv")),
            "key contains a control character or ends in white space, which an HTTP header cannot "
            "carry; rename the object",
        ),
        (
            request(location=S3Uri(BUCKET, "inputs/a.csv ")),
            "key contains a control character or ends in white space, which an HTTP header cannot "
            "carry; rename the object",
        ),
        (
            request(location=S3Uri(BUCKET, "outputs/a.csv")),
            f"input location is not under {INPUTS}; upload the input there",
        ),
        (
            request(location=S3Uri("other-bucket", "inputs/a.csv")),
            f"input location is not under {INPUTS}; upload the input there",
        ),
        (request(body=b"1"), "request has both an input location and a body; give one of them"),
        (
            request(location=None),
            "request has neither an input location nor a body; give one of them",
        ),
        (
            request(location=None, body=b"x" * 128_001),
            "body has 128,001 bytes and SageMaker accepts at most 128,000 inline; "
            "upload the input and give its location",
        ),
        (
            request(size=1024**3 + 1),
            "input has 1,073,741,825 bytes and SageMaker accepts at most 1 GB",
        ),
        (
            request(content_type="x" * 1025),
            "content_type has 1,025 characters and SageMaker accepts at most 1,024",
        ),
        (request(accept="größe"), "accept contains characters other than visible ASCII"),
        (
            request(custom_attributes="a\r\nb"),
            "custom_attributes contains characters other than visible ASCII",
        ),
        (request(ttl_seconds=59), "ttl_seconds is 59; it must be from 60 to 21,600"),
        (
            request(ttl_seconds=21_601),
            "ttl_seconds is 21601; it must be from 60 to 21,600",
        ),
        (
            request(timeout_seconds=0),
            "timeout_seconds is 0; it must be from 1 to 3,600",
        ),
        (
            request(timeout_seconds=3_601),
            "timeout_seconds is 3601; it must be from 1 to 3,600",
        ),
    ],
)
def test_each_limit_has_its_reason(bad: InferenceRequest, reason: str) -> None:
    assert problems(bad, INPUT_FOLDERS) == [reason]


def test_all_problems_are_reported_at_once() -> None:
    found = problems(request(location=None, ttl_seconds=5, accept="ü"), INPUT_FOLDERS)

    assert len(found) == 3


@pytest.mark.parametrize(
    ("key", "extension"),
    [
        ("inputs/a.csv", None),
        ("inputs/orders/a.csv", "orders"),
        ("inputs/orders/2026/11/a.csv", "orders/2026/11"),
        ("inputs/it's-(1)_!*.x/a.csv", "it's-(1)_!*.x"),
        ("inputs/two words/a.csv", None),
        ("inputs/größe/a.csv", None),
        ("inputs/s3:/a.csv", None),
        ("inputs//orders//a.csv", "orders"),
        (f"inputs/{'k' * 511}/a.csv", "k" * 511),
        (f"inputs/{'k' * 512}/a.csv", None),
    ],
)
def test_outputs_mirror_the_inputs_folders_where_sagemaker_allows_them(
    key: str, extension: str | None
) -> None:
    assert output_extension(S3Uri(BUCKET, key), INPUT_FOLDERS) == extension


def test_an_inline_body_has_no_folder() -> None:
    assert output_extension(None, INPUT_FOLDERS) is None

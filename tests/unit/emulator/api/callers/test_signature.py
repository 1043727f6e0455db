"""Signature Version 4, checked against botocore's own signatures and against AWS's example."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.signed import headers_for, signed, signed_at

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REQUEST = signed(KEY, SECRET, {"ModelName": "m"}, "/endpoints/demo/async-invocations?a=b&c=%20d")
SIGNED_AT = signed_at(REQUEST)  # a run of all tests takes longer than a signature is good for

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html shows
# the parts; the request and its signature are `get-vanilla` of AWS's test suite for signatures.
VANILLA = SignedRequest(
    "GET",
    "/",
    {
        "host": "example.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
        "aws4_request, SignedHeaders=host;x-amz-date, Signature="
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    },
    b"",
)


def test_a_signature_of_awss_own_examples_is_right() -> None:
    VANILLA.verify(
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    )


def test_what_is_signed_with_the_secret_is_right_and_names_its_key() -> None:
    REQUEST.verify(SECRET, SIGNED_AT)

    assert REQUEST.access_key_id == KEY


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, body=b'{"ModelName": "n"}'),
        replace(REQUEST, target="/endpoints/other/async-invocations?a=b&c=%20d"),
        replace(REQUEST, target="/endpoints/demo/async-invocations?a=b&c=e"),
        replace(REQUEST, method="PUT"),
        replace(REQUEST, headers={**REQUEST.headers, "host": "localhost:4567"}),
        replace(REQUEST, headers={**REQUEST.headers, "x-amz-date": "soon"}),
        replace(REQUEST, headers={k: v for k, v in REQUEST.headers.items() if k != "x-amz-date"}),
        replace(REQUEST, headers={k: v for k, v in REQUEST.headers.items() if k != "host"}),
        replace(REQUEST, headers={**REQUEST.headers, "x-amz-target": "SageMaker.DeleteModel"}),
        replace(REQUEST, headers={**REQUEST.headers, "x-amz-security-token": "another"}),
        signed(KEY, "another secret"),
    ],
    ids=["body", "path", "query", "method", "host", "date", "no date", "no host"]
    + ["another target", "another session", "secret"],
)
def test_nothing_that_is_signed_can_be_changed(request_: SignedRequest) -> None:
    with pytest.raises(AwsError) as refusal:
        request_.verify(SECRET, SIGNED_AT)

    assert (refusal.value.code, refusal.value.status) == ("InvalidSignatureException", 403)


def test_a_hash_in_a_header_does_not_stand_for_another_body() -> None:
    url = "http://127.0.0.1:4567/"
    hidden = {"Host": "127.0.0.1:4567", "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    headers = headers_for("POST", url, b"{}", KEY, SECRET, hidden)
    lower = {name.lower(): value for name, value in headers.items()}

    with pytest.raises(AwsError, match="does not match"):
        SignedRequest("POST", "/", lower, b'{"changed": true}').verify(SECRET)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_is_good_for_five_minutes(minutes: int) -> None:
    with pytest.raises(AwsError, match="Signature expired"):
        REQUEST.verify(SECRET, SIGNED_AT + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_some_minutes(minutes: int) -> None:
    REQUEST.verify(SECRET, SIGNED_AT + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("", "IncompleteSignatureException"),
        ("Bearer token", "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 Credential=AKIA/20260101/x/y/aws4_request",
            "IncompleteSignatureException",
        ),
    ],
)
def test_what_is_no_signature_is_refused(authorization: str | None, code: str) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    with pytest.raises(AwsError) as refusal:
        _ = SignedRequest("POST", "/", headers, b"").access_key_id

    assert (refusal.value.code, refusal.value.status) == (code, 403)


def test_a_request_for_another_region_is_refused() -> None:
    VANILLA.require_region("us-east-1")
    replace(VANILLA, headers={}).require_region("eu-west-1")  # names no region

    with pytest.raises(AwsError) as refusal:
        VANILLA.require_region("eu-west-1")

    assert (refusal.value.code, refusal.value.status) == ("InvalidSignatureException", 403)
    assert refusal.value.message.startswith("Credential should be scoped to a valid region.")

"""The emulator's signatures are those of botocore."""

import hashlib
from typing import Any

import pytest
from async_endpoint_emulator.inference.sigv4 import Signable, sign
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

CREDENTIALS = ReadOnlyCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "a token", "0")
HOST = "s3.example.com:9000"


@pytest.mark.parametrize("token", ["a token", None])
@pytest.mark.parametrize(
    ("service", "method", "target", "headers", "body"),
    [
        ("s3", "GET", "/data/inputs/a.csv", {}, b""),
        ("s3", "GET", "/data/in/%20two%20%20//..//gr%C3%B6%C3%9Fe%2B1~", {}, b""),
        ("s3", "PUT", "/data/outputs/a.out", {"content-type": "text/csv;  charset=utf-8"}, b"1,2"),
        ("sns", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"Action=P"),
        ("sagemaker", "POST", "/endpoints/a%20b/../c//d?b=2&a=%20&a=1&c", {}, b"{}"),
    ],
    ids=["get", "any key", "put", "publish", "path and query"],
)
def test_a_request_is_signed_as_botocore_signs_it(
    service: str, method: str, target: str, headers: dict[str, str], body: bytes, token: str | None
) -> None:
    credentials = ReadOnlyCredentials(CREDENTIALS.access_key, CREDENTIALS.secret_key, token, "0")
    digest = hashlib.sha256(body).hexdigest()

    ours = sign(
        Signable(method, target, {**headers, "host": HOST}, digest),
        credentials,
        "eu-west-1",
        service,
    )

    assert ours["authorization"] == by_botocore(service, method, target, ours, body, credentials)
    assert ours.get("x-amz-security-token") == token


def by_botocore(
    service: str,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    credentials: ReadOnlyCredentials,
) -> str:
    """The value of Authorization, made at the same second."""
    signed = {name: value for name, value in headers.items() if name != "authorization"}
    request = AWSRequest(method, f"http://{HOST}{target}", signed, body)
    request.context["timestamp"] = headers["x-amz-date"]
    kind: Any = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = kind(credentials, service, "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return str(request.headers["Authorization"])

"""Requests to the SageMaker emulator, signed as an AWS SDK signs them."""

import json
from datetime import UTC, datetime

from async_endpoint_emulator.api.callers.signature import SignedRequest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

UNSIGNED = SignedRequest("POST", "/", {}, b"")


def headers_for(
    method: str,
    url: str,
    body: bytes,
    key: str,
    secret: str,
    headers: dict[str, str] | None = None,
    service: str = "sagemaker",
) -> dict[str, str]:
    """The given headers, and those of the signature."""
    request = AWSRequest(method, url, {**(headers or {})}, body)
    SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}


def signed(key: str, secret: str, body: object = None, target: str = "/") -> SignedRequest:
    """A request as the emulator reads it."""
    content = json.dumps(body or {}).encode()
    url = f"http://127.0.0.1:4567{target}"
    headers = headers_for("POST", url, content, key, secret, {"Host": "127.0.0.1:4567"})
    return SignedRequest("POST", target, {k.lower(): v for k, v in headers.items()}, content)


def signed_at(request: SignedRequest) -> datetime:
    return datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

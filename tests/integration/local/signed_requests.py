"""Requests to a MiniStack that verifies signatures, signed as SDKs sign them or otherwise."""

import hashlib
import hmac
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

REGION = "us-east-1"


@dataclass(frozen=True)
class Aws:
    """A corrected MiniStack, with permissions, and one set of credentials."""

    url: str
    authority: Path
    credentials: Credentials

    def client(self, service: str, **config: Any) -> Any:
        return boto3.Session(
            self.credentials.access_key,
            self.credentials.secret_key,
            self.credentials.token,
            region_name=REGION,
        ).client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.url,
            verify=str(self.authority),
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def by(self, key: str, secret: str, token: str | None = None) -> "Aws":
        return replace(self, credentials=Credentials(key, secret, token))

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        signed: bool = True,
        scope: str = "sagemaker",
    ) -> tuple[int, bytes]:
        """The status and the body of the answer to a request as it is given here."""
        given = dict(headers or {})
        sent = self.signed(method, path, given, body, scope) if signed else given
        return self.send(method, path, sent, body)

    def signed(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        scope: str = "sagemaker",
    ) -> dict[str, str]:
        """The headers of a request with its signature."""
        request = AWSRequest(method, self.url + path, headers, body)
        SigV4Auth(self.credentials, scope, REGION).add_auth(request)
        return {str(name): str(value) for name, value in request.headers.items()}

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        url = target if target.startswith("https:") else self.url + target
        request = urllib.request.Request(url, body or None, dict(headers), method=method)  # noqa: S310
        context = ssl.create_default_context(cafile=self.authority)
        try:
            with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as exc:
            return exc.code, exc.read()


def signed_stream(aws: Aws, chunks: list[bytes], forged: bool) -> tuple[dict[str, str], bytes]:
    """Headers and body of an upload whose chunks are signed, as older SDKs send them.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    request = AWSRequest(
        "PUT",
        f"{aws.url}/data/stream",
        {
            "X-Amz-Decoded-Content-Length": str(sum(map(len, chunks))),
            "Content-Encoding": "aws-chunked",
            "X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        },
    )
    SigV4Auth(aws.credentials, "s3", REGION).add_auth(request)
    headers = {str(name): str(value) for name, value in request.headers.items()}
    amz_date = headers["X-Amz-Date"]
    key = ("AWS4" + aws.credentials.secret_key).encode()
    for part in (amz_date[:8], REGION, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous = headers["Authorization"].rpartition("Signature=")[2]
    empty, body = hashlib.sha256(b"").hexdigest(), b""
    for chunk in [*chunks, b""]:
        scope = f"{amz_date[:8]}/{REGION}/s3/aws4_request"
        digest = hashlib.sha256(chunk).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", amz_date, scope, previous, empty, digest])
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        sent = chunk.upper() if forged else chunk
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + sent + b"\r\n"
    return headers, body

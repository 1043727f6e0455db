"""Signature Version 4 in the Authorization header: whose key it names, and whether it is right.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.inference.sigv4 import TIMESTAMP, Scope, Signable

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/"
    r"(?P<service>[^/,\s]+)/aws4_request,\s*SignedHeaders=(?P<headers>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_VALID = timedelta(minutes=5)
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came. `target` is the path and the query; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def access_key_id(self) -> str:
        """Raises AwsError: MissingAuthenticationTokenException, IncompleteSignatureException."""
        return self._parts["key"]

    def require_region(self, region: str) -> None:
        """Refuse a request that is signed for another region; one without a signature names none.

        Raises:
            AwsError: InvalidSignatureException, as an endpoint of AWS answers.
        """
        parts = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        if parts and parts["region"] != region:
            raise _invalid(
                "Credential should be scoped to a valid region. This emulator serves "
                f"{region} (AWS_DEFAULT_REGION), and the request is for {parts['region']}."
            )

    def verify(self, secret: str, now: datetime | None = None) -> None:
        """Raises AwsError: InvalidSignatureException, because of its age or of what it signs.

        It must sign the host, every header `x-amz-…` and the body.
        """
        parts, timestamp = self._parts, self.headers.get("x-amz-date", "")
        self._check_age(timestamp, now or datetime.now(UTC))
        names = parts["headers"].split(";")
        signed = {name: self.headers[name] for name in names if name in self.headers}
        digest = hashlib.sha256(self.body).hexdigest()
        if (
            "host" not in signed
            or any(name.startswith("x-amz-") and name not in signed for name in self.headers)
            or timestamp[:8] != parts["date"]
            or signed.get("x-amz-content-sha256", digest) != digest
        ):
            raise _invalid(_MISMATCH)
        scope = Scope(parts["date"], parts["region"], parts["service"])
        request = Signable(self.method, self.target, signed, digest)
        if not hmac.compare_digest(request.signature(secret, scope, timestamp), parts["signature"]):
            raise _invalid(_MISMATCH)

    @property
    def _parts(self) -> re.Match[str]:
        authorization = self.headers.get("authorization")
        if authorization is None:
            raise AwsError(
                "MissingAuthenticationTokenException", "Missing Authentication Token", 403
            )
        if (match := _AUTHORIZATION.fullmatch(authorization)) is None:
            message = "Authorization is not a complete AWS4-HMAC-SHA256 signature."
            raise AwsError("IncompleteSignatureException", message, 403)
        return match

    def _check_age(self, timestamp: str, now: datetime) -> None:
        try:
            signed_at = datetime.strptime(timestamp, TIMESTAMP).replace(tzinfo=UTC)
        except ValueError as exc:
            raise _invalid(_MISMATCH) from exc
        if abs(now - signed_at) > _VALID:
            raise _invalid(
                f"Signature expired: {timestamp} is not within {_VALID.seconds // 60} min. of "
                f"{now.strftime(TIMESTAMP)}"
            )


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message, 403)

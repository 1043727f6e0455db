"""MiniStack's root user, whose signature is verified like that of every other caller.

MiniStack takes a caller for root who names no access key, the key `test`, an account's number or
the key of its own environment, and does not verify root's signature. Here root's key is the last
of these alone, and its signature is verified like those of users and sessions of roles.

It derives the secrets of a function's session from the names of the function and of its role. Here
root's secret is part of that, or whoever knows the names would have the permissions of the role.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ministack.core import iam_actions, iam_evaluator, lambda_runtime, sigv4
from ministack.core.responses import _account_from_sts_session
from ministack.core.router import detect_service, extract_access_key_id
from ministack.services import iam, sts

Credential = iam_evaluator.ResolvedCredential

ALGORITHM = "AWS4-HMAC-SHA256"

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


def is_root_access_key(access_key_id: str) -> bool:
    return bool(access_key_id) and access_key_id == os.environ.get("AWS_ACCESS_KEY_ID")


def is_exempt(access_key_id: str) -> bool:
    """Whether the signature of the key goes unchecked: never."""
    return False


def keyed_sha256(data: bytes) -> Any:
    return hmac.new(os.environ["AWS_SECRET_ACCESS_KEY"].encode(), data, hashlib.sha256)


def signed_by_root(
    method: str, raw_path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> bool:
    """Whether root has signed this request, in its Authorization header."""
    iam_evaluator.pin_signed_request(method, raw_path, {}, headers)
    iam_evaluator.pin_signed_body(body)
    authorization = dict(headers).get(b"authorization", b"").decode("latin-1")
    key = extract_access_key_id({"authorization": authorization})
    checked = iam_evaluator.authenticate(key, iam_evaluator.find_iam_access_key_account(key))
    return isinstance(checked, Credential) and checked.principal_type == "Root"


def describe(access_key_id: str) -> dict[str, str | None] | None:
    """Whose the key is, and its secret. None: there is no such key, or it is no longer valid.

    `principal` is whose policies decide: a user, or the role of a session; null is root.
    """
    found = _find(access_key_id)
    if not isinstance(found, Credential):
        return None
    principal: str | None = found.principal_arn
    if found.principal_type == "Root":
        principal = None
    elif found.principal_type == "AssumedRole":
        name = found.principal_arn.split("/")[1]
        role = iam._roles.get_scoped(found.account_id, None, name) or {}
        principal = role.get("Arn", f"arn:aws:iam::{found.account_id}:role/{name}")
    return {
        "arn": found.principal_arn,
        "principal": principal,
        "secret_access_key": found.secret_access_key,
    }


@dataclass(frozen=True, slots=True)
class Request:
    """A request with a signature in its Authorization header, or in its query where it has none.

    `raw_path` and `query` are as they were sent, names of `headers` in lower case.
    """

    method: str
    raw_path: str
    headers: dict[str, str]
    query: dict[str, list[str]]

    @property
    def is_presigned(self) -> bool:
        return not self.headers.get("authorization", "").startswith(ALGORITHM)

    @property
    def signs_its_body(self) -> bool:
        """Whether the signature depends on the body itself, and not on a hash in a header."""
        digest = self.headers.get("x-amz-content-sha256", "")
        return not self.is_presigned and (not digest or digest.startswith(f"STREAMING-{ALGORITHM}"))


def signed_form(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as they are signed: one that is sent on several lines has its values joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def refuse(request: Request, body: bytes) -> Answer | None:
    """The service's answer to a request that the holder of its key did not sign; None for others.

    `body` is empty where the signature does not depend on it. How long a presigned URL is good is
    for the service to see.
    """
    failure = _failure(request, body)
    if failure is None:
        return None
    code, message = failure
    service = detect_service(request.method, request.raw_path, request.headers, request.query)
    answer: Answer = iam_actions.access_denied_response(
        service, "", "", "", error_code=code, message=message, headers=request.headers
    )
    return answer


def _failure(request: Request, body: bytes) -> tuple[str, str] | None:
    """Why the signature is not that of its key's holder: code and message."""
    signature: Any = (
        sigv4.parse_query_signature(request.query)
        if request.is_presigned
        else sigv4.parse_header_signature(request.headers)
    )
    if isinstance(signature, tuple):
        code, message = signature
        return code, message
    key = extract_access_key_id(request.headers, request.query)
    found = _find(key)
    if not isinstance(found, Credential):
        return found.code, found.message
    if signature.access_key_id != key:
        return "SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH
    late = None if request.is_presigned else sigv4.request_time_failure(signature)
    failure: tuple[str, str] | None = late or sigv4.header_signature_failure(
        signature,
        found.secret_access_key,
        request.method,
        request.raw_path,
        request.query,
        request.headers,
        body,
        presigned=request.is_presigned,
    )
    return failure


def _find(access_key_id: str) -> Any:
    account = _account_from_sts_session(access_key_id)
    return iam_evaluator.resolve_credential(
        access_key_id, account or iam_evaluator.find_iam_access_key_account(access_key_id)
    )


def install() -> None:
    """Puts the corrections into MiniStack's modules."""
    for module in (iam_evaluator, sts):  # the second has imported it by name
        module.is_root_access_key = is_root_access_key
    iam_evaluator._is_root_key = is_exempt
    lambda_runtime.hashlib = SimpleNamespace(sha256=keyed_sha256)

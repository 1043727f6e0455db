"""Sends cases as clients of each protocol do, without the checks of an SDK."""

import hashlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from async_endpoint_emulator.inference.sigv4 import Signable, sign
from botocore.credentials import ReadOnlyCredentials

from tests.support.emulator.conformance.members import Document
from tests.support.emulator.conformance.operations import RUNTIME, Operation


@dataclass(frozen=True, slots=True)
class Response:
    """`code` and `message` are empty for a success."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for an account of AWS."""

    credentials: ReadOnlyCredentials
    region: str
    service: str

    def headers(
        self, method: str, host: str, path: str, headers: Mapping[str, bytes], body: bytes
    ) -> dict[str, bytes]:
        given = {name.lower(): value.decode() for name, value in headers.items()}
        digest = hashlib.sha256(body).hexdigest()
        request = Signable(method, path, {**given, "host": host}, digest)
        signed = sign(request, self.credentials, self.region, self.service)
        return {name: value.encode() for name, value in signed.items() if name != "host"}


class Wire:
    """A connection to an endpoint of AWS's APIs. The emulator's takes requests unsigned."""

    def __init__(self, url: str, signer: Signer | None = None) -> None:
        address = urlsplit(url)
        secure = address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(address.netloc, timeout=60)
        self._host, self._signer = address.netloc, signer

    def close(self) -> None:
        self._connection.close()

    def send(self, operation: Operation, document: Document) -> Response:
        if operation.service == RUNTIME:
            path, headers, body = _rest(operation, document)
            return self.request("POST", path, headers, body)
        metadata = operation.model.service_model.metadata
        headers = {
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}".encode(),
            "X-Amz-Target": f"{metadata['targetPrefix']}.{operation.name}".encode(),
        }
        return self.request("POST", "/", headers, json.dumps(document).encode())

    def request(
        self, method: str, path: str, headers: Mapping[str, bytes], body: bytes = b""
    ) -> Response:
        sent = headers
        if self._signer is not None:
            sent = self._signer.headers(method, self._host, path, headers, body)
        self._connection.request(method, path, body, dict(sent))
        answer = self._connection.getresponse()
        content, found = answer.read(), dict(answer.getheaders())
        if answer.status < 300:
            return Response(answer.status, found, content)
        refusal = json.loads(content)
        message = refusal.get("message", refusal.get("Message", ""))
        named = found.get("x-amzn-ErrorType") or refusal.get("__type", "")
        code = named.partition(":")[0].rpartition("#")[2]
        return Response(answer.status, found, content, code, message)


def _rest(operation: Operation, document: Document) -> tuple[str, dict[str, bytes], bytes]:
    """REST: members are in the path, in headers, and in the body."""
    http_ = operation.model.http
    shape: Any = operation.model.input_shape
    path, headers, body = str(http_["requestUri"]), dict[str, bytes](), b""
    for name, value in document.items():
        place = shape.members[name].serialization if name in shape.members else {}
        match place.get("location"):
            case "uri":
                path = path.replace(f"{{{place['name']}}}", quote(value, safe=""))
            case "header":
                headers[place["name"]] = str(value).encode()
            case None if name == shape.serialization.get("payload"):
                body = value
            case _:
                headers[f"X-Amzn-SageMaker-{name}"] = str(value).encode()
    return path, headers, body

"""What the emulator does three times for each request, in the name of the execution role.

Neither signed nor sent by boto3: its clients need threads, and six times the CPU, which on one
machine would be taken from the stack under test.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from yarl import URL

from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.inference.sigv4 import Signable, sign

_ATTEMPTS = 3
_CONNECTIONS = 32
_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=30)


class TooLarge(Exception):
    """The object has more bytes than the caller takes."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request to S3 or SNS, without its signature. Names of headers are in lower case."""

    operation: str
    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def service(self) -> str:
        return "sns" if self.operation == "Publish" else "s3"

    @property
    def signable(self) -> Signable:
        headers = {**self.headers, "host": self.url.raw_authority}
        digest = hashlib.sha256(self.body).hexdigest()
        return Signable(self.method, self.url.raw_path, headers, digest)


class DataPlane:
    """GetObject, PutObject and Publish. Errors are botocore's ClientError, as from boto3."""

    def __init__(self, aws: Aws, ca_bundle: str | None = None) -> None:
        self._aws = aws
        self._s3_url = aws.endpoint_url("s3").rstrip("/")
        self._sns_url = URL(aws.endpoint_url("sns").rstrip("/") + "/", encoded=True)
        trust = ssl.create_default_context(cafile=ca_bundle)
        # A Content-Encoding is the object's own: the container gets the bytes as they lie in S3.
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trust),
            timeout=_TIMEOUT,
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._http.close()

    async def get_object(self, role_arn: str, location: S3Location, most: int) -> bytes:
        """The object's bytes.

        Raises:
            ClientError: missing, not allowed, or S3 does not answer.
            TooLarge: more than `most` bytes.
        """
        return await self._send(role_arn, _Call("GetObject", "GET", self._url(location)), most)

    async def put_object(
        self,
        role_arn: str,
        location: S3Location,
        body: bytes,
        content_type: str,
        kms_key_id: str | None,
    ) -> None:
        """Writes the object; raises ClientError."""
        headers = {"content-type": content_type}
        if kms_key_id:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = kms_key_id
        await self._send(role_arn, _Call("PutObject", "PUT", self._url(location), headers, body))

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        """Publishes without subject and attributes, as SageMaker does; raises ClientError."""
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": topic,
            "Message": message,
        }
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        body = urlencode(form).encode()
        await self._send(role_arn, _Call("Publish", "POST", self._sns_url, headers, body))

    def _url(self, location: S3Location) -> URL:
        path = f"{location.bucket}/{quote(location.key, safe='/~')}"
        return URL(f"{self._s3_url}/{path}", encoded=True)

    async def _send(self, role_arn: str, call: _Call, most: int | None = None) -> bytes:
        for attempt in range(1, _ATTEMPTS + 1):
            # Signed anew each time: the session may have been renewed meanwhile.
            credentials = await self._aws.credentials(role_arn)
            headers = sign(call.signable, credentials, self._aws.region, call.service)
            try:
                async with self._http.request(
                    call.method,
                    call.url,
                    data=call.body or None,
                    headers=headers,
                    skip_auto_headers=("Content-Type", "User-Agent", "Accept-Encoding"),
                ) as answer:
                    size = answer.content_length or 0
                    if answer.status < 300 and most is not None and size > most:
                        raise TooLarge(f"{size} bytes, at most {most}")
                    content = await answer.read()
            except (aiohttp.ClientError, TimeoutError) as exc:
                if attempt == _ATTEMPTS:
                    error: Any = {"Code": type(exc).__name__, "Message": str(exc)}
                    raise ClientError({"Error": error}, call.operation) from exc
            else:
                if answer.status < 300:
                    return content
                if answer.status < 500 or attempt == _ATTEMPTS:
                    raise ClientError(_error(call.service, answer, content), call.operation)
            await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _error(service: str, answer: aiohttp.ClientResponse, content: bytes) -> Any:
    parser = create_parser("rest-xml" if service == "s3" else "query")
    http = {"status_code": answer.status, "headers": answer.headers, "body": content}
    no_shape: Any = None  # only answers without an error need one
    return parser.parse(http, no_shape)

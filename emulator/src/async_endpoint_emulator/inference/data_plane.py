"""What the emulator does three times for each request, in the name of the execution role.

Signed by botocore but sent by aiohttp: boto3's clients need threads, and three times the CPU, which
on one machine would be taken from the stack under test.
"""

import asyncio
import ssl
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from yarl import URL

from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.inference.s3_location import S3Location

_ATTEMPTS = 3
_CONNECTIONS = 32
_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=30)


class TooLarge(Exception):
    """The object has more bytes than the caller takes."""


class DataPlane:
    """GetObject, PutObject and Publish. Errors are botocore's ClientError, as from boto3."""

    def __init__(self, aws: Aws, ca_bundle: str | None = None) -> None:
        self._aws = aws
        self._s3_url = aws.endpoint_url("s3").rstrip("/")
        self._sns_url = aws.endpoint_url("sns").rstrip("/") + "/"
        trust = ssl.create_default_context(cafile=ca_bundle)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trust), timeout=_TIMEOUT
        )

    async def close(self) -> None:
        await self._http.close()

    async def get_object(self, role_arn: str, location: S3Location, most: int) -> bytes:
        """The object's bytes.

        Raises:
            ClientError: missing, not allowed, or S3 does not answer.
            TooLarge: more than `most` bytes.
        """
        request = AWSRequest("GET", self._url(location))
        return await self._send(role_arn, "s3", "GetObject", request, most)

    async def put_object(
        self,
        role_arn: str,
        location: S3Location,
        body: bytes,
        content_type: str,
        kms_key_id: str | None,
    ) -> None:
        """Writes the object; raises ClientError."""
        headers = {"Content-Type": content_type}
        if kms_key_id:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = kms_key_id
        request = AWSRequest("PUT", self._url(location), headers, body)
        await self._send(role_arn, "s3", "PutObject", request)

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        """Publishes without subject and attributes, as SageMaker does; raises ClientError."""
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": topic,
            "Message": message,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", self._sns_url, headers, urlencode(form).encode())
        await self._send(role_arn, "sns", "Publish", request)

    def _url(self, location: S3Location) -> str:
        return f"{self._s3_url}/{location.bucket}/{quote(location.key, safe='/~')}"

    async def _send(
        self,
        role_arn: str,
        service: str,
        operation: str,
        request: AWSRequest,
        most: int | None = None,
    ) -> bytes:
        for attempt in range(1, _ATTEMPTS + 1):
            # Signed anew each time: the session may have been renewed meanwhile.
            signed = await self._sign(role_arn, service, request)
            try:
                async with self._http.request(
                    str(request.method),
                    URL(str(request.url), encoded=True),
                    data=request.data or None,
                    headers=signed,
                    skip_auto_headers=("Content-Type", "User-Agent", "Accept-Encoding"),
                ) as answer:
                    size = answer.content_length or 0
                    if answer.status < 300 and most is not None and size > most:
                        raise TooLarge(f"{size} bytes, at most {most}")
                    content = await answer.read()
            except (aiohttp.ClientError, TimeoutError) as exc:
                if attempt == _ATTEMPTS:
                    error: Any = {"Code": type(exc).__name__, "Message": str(exc)}
                    raise ClientError({"Error": error}, operation) from exc
            else:
                if answer.status < 300:
                    return content
                if answer.status < 500 or attempt == _ATTEMPTS:
                    raise ClientError(_error(service, answer, content), operation)
            await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _sign(self, role_arn: str, service: str, request: AWSRequest) -> dict[str, str]:
        """The request's headers, and those of its signature."""
        credentials = await self._aws.credentials(role_arn)
        signed = AWSRequest(request.method, request.url, dict(request.headers), request.data)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(credentials, service, self._aws.region).add_auth(signed)
        return dict(signed.headers.items())


def _error(service: str, answer: aiohttp.ClientResponse, content: bytes) -> Any:
    parser = create_parser("rest-xml" if service == "s3" else "query")
    http = {"status_code": answer.status, "headers": answer.headers, "body": content}
    no_shape: Any = None  # only answers without an error need one
    return parser.parse(http, no_shape)

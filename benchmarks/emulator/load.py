"""Sends one signed invocation again and again, over connections that are kept."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Invocation:
    """A request as bytes. Its signature is valid for five minutes."""

    host: str
    port: int
    head: bytes

    @classmethod
    def of(cls, url: str, endpoint: str, location: str) -> "Invocation":
        """Of the endpoint at this address, by root of the stand-in."""
        path = f"/endpoints/{endpoint}/async-invocations"
        headers = {"X-Amzn-SageMaker-InputLocation": location}
        request = AWSRequest("POST", url + path, headers, b"")
        SigV4Auth(Credentials("test", "test"), "sagemaker", "us-east-1").add_auth(request)
        address = urlsplit(url)
        lines = [f"POST {path} HTTP/1.1", f"Host: {address.netloc}", "Content-Length: 0"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        return cls(str(address.hostname), int(address.port or 80), head)


async def send(invocation: Invocation, number: int, rate: float) -> float:
    """Send so many, at most `rate` a second; return the seconds until the last was accepted.

    Raises:
        RuntimeError: one was refused.
    """
    begun = monotonic()
    numbers = iter(range(number))

    async def work() -> None:
        reader, writer = await asyncio.open_connection(invocation.host, invocation.port)
        try:
            for each in numbers:
                await asyncio.sleep(max(0.0, begun + each / rate - monotonic()))
                writer.write(invocation.head)
                await _accepted(reader)
        finally:
            writer.close()

    await asyncio.gather(*(work() for _ in range(_CONNECTIONS)))
    return monotonic() - begun


async def _accepted(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].split("\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith("http/1.1 202"):
        raise RuntimeError(f"refused: {head.splitlines()[0]} {body.decode()}")

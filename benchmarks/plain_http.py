"""HTTP/1.1 over asyncio's streams, at the least cost: for servers whose time is not measured."""

import asyncio
from collections.abc import Mapping


async def read_request(
    reader: asyncio.StreamReader,
) -> tuple[str, str, Mapping[str, str], bytes]:
    """Return method, path, headers by their names in lower case, and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = line.split(" ")
    return method, path, headers, body


def http_response(body: str, headers: str = "") -> bytes:
    """Return a response with status 200; `headers` are whole lines."""
    return (
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"
        f"content-length: {len(body)}\r\n{headers}\r\n{body}"
    ).encode()

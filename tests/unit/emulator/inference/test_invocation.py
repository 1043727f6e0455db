"""What a container can answer, and what becomes of it. No answer raises anything else."""

import asyncio
import random
from typing import cast

import aiohttp
import pytest
from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.inference import invocation
from async_endpoint_emulator.inference.hosts import Processes, ProcessHost
from async_endpoint_emulator.inference.invocation import InvocationFailed, ask
from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.model_servers.containers import KnownImages, ModelServer
from async_endpoint_emulator.resources import Model, Variant

REQUEST = Request(
    key="k",
    inference_id="id-1",
    endpoint_name="demo",
    output=S3Location("outbox", "k.out"),
    failure=None,
    ttl_seconds=60,
    timeout_seconds=5,
    body=b"{}",
)
USUAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n\r\n0.5"
ENDLESS = b"7" * 4096


async def talk(raw: bytes, endless: bytes) -> tuple[Answer | InvocationFailed, bool]:
    """What `ask` makes of a container that answers `raw`, and what /ping does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            await writer.drain()
            while endless:
                writer.write(endless)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = aiohttp.TCPConnector(force_close=True)
    async with server, aiohttp.ClientSession(connector=connector, auto_decompress=False) as http:
        members = {"url": f"http://127.0.0.1:{port}", "headers": {"X-Emulator-Token": "secret"}}
        container = cast(ModelServer, type("Container", (), members))
        try:
            answer: Answer | InvocationFailed = await ask(
                http,
                container,
                REQUEST,
                Answer(200, b"{}", None),
                container="primary",
                name_it=True,
            )
        except InvocationFailed as failure:
            answer = failure
        shared = Processes(None, Config(), KnownImages({}), http, None, None, None, Clock(), True)  # type: ignore[arg-type]
        host = ProcessHost(shared, "demo/1", cast(Variant, None), cast(Model, None))
        healthy = await host._ping(container)
    return answer, healthy


def answer_to(raw: bytes, endless: bytes = b"") -> Answer | InvocationFailed:
    answer, _ = asyncio.run(asyncio.wait_for(talk(raw, endless), 20))
    return answer


def test_a_usual_answer_is_taken() -> None:
    assert answer_to(USUAL) == Answer(200, b"0.5", "text/csv")


def reply(status: bytes = b"200 OK", length: bytes = b"3", **headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status]
    lines += [name.replace("_", "-").encode() + b": " + value for name, value in headers.items()]
    lines += [b"Content-Length: " + length] if length else []
    return b"\r\n".join([*lines, b"", b"0.5"])


@pytest.mark.parametrize(
    ("raw", "endless"),
    [
        (reply(Content_Type=b"text/\xfc"), b""),
        (reply(Content_Type="text/ü".encode()), b""),
        (reply(Content_Type=b"x" * 1025), b""),
        (reply(length=b"10"), b""),
        (reply(length=b"-3"), b""),
        (reply(length=b"3, 4"), b""),
        (reply(length=b"9" * 30), ENDLESS),
        (reply(length=b"99999999"), ENDLESS),
        (reply(length=b""), ENDLESS),
        (reply(length=b"", Transfer_Encoding=b"chunked"), ENDLESS),
        (reply(length=b"", Transfer_Encoding=b"chunked") + b"\xff", b""),
        (reply(b"500 \xff", b""), ENDLESS),
        (b"HTTP/1.1 200 OK\r\nX: ", ENDLESS),
        (b"HTTP/9.9 \xff\xfe\r\n\r\n", b""),
        (b"\xfc\x00\r\n\r\n", b""),
        (b"HTTP/1.1 99999 no\r\n\r\n", b""),
        (b"", b""),
    ],
    ids=["type in Latin-1", "type in UTF-8", "long type", "truncated", "negative length"]
    + [
        "two lengths",
        "length of thirty digits",
        "too large",
        "without length",
        "chunks without end",
    ]
    + ["broken chunk", "endless failure", "endless header", "status line in Latin-1", "no HTTP"]
    + ["status of five digits", "nothing"],
)
def test_what_breaks_the_contract_is_a_server_error(
    raw: bytes, endless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "MAX_PAYLOAD_BYTES", 1_000_000)

    answer = answer_to(raw, endless)

    assert isinstance(answer, InvocationFailed)
    assert "Received server error (0) from model" in answer.reason
    assert answer.answer is None


def test_a_failure_keeps_its_body_without_a_content_type_that_nothing_can_send() -> None:
    answer = answer_to(reply(b"500 no", Content_Type=b"text/\xfc"))

    assert isinstance(answer, InvocationFailed)
    assert answer.answer == Answer(500, b"0.5", None)


@pytest.mark.parametrize("seed", range(12))
def test_no_answer_raises_anything_else(seed: int) -> None:
    """Bytes of a usual answer are replaced, removed and added."""
    chance = random.Random(seed)

    async def session() -> None:
        for _ in range(25):
            raw = bytearray(USUAL)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(raw))
                filling = bytes(
                    chance.choice((0, 9, 10, 13, 32, 58, 0x80, 0xFC, 0xFF)) for _ in "ab"
                )
                raw[at : at + chance.randint(0, 3)] = filling[: chance.randint(0, 2)]
            answer, _ = await talk(bytes(raw), b"")
            if isinstance(answer, Answer) and answer.content_type is not None:
                assert answer.content_type.isascii()

    asyncio.run(asyncio.wait_for(session(), 60))

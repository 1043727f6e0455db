"""No request goes to a server of another account that listens on a model server's port."""

import asyncio
import errno
import os
import pwd
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from async_endpoint_emulator.model_servers import own_servers, socket_owners
from async_endpoint_emulator.model_servers.own_servers import OwnServers, is_own
from async_endpoint_emulator.model_servers.socket_owners import owners

ME, OTHER, ROOT = 1000, 1001, 0
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
# Port 8080 of these addresses, as Linux writes them on a little-endian machine.
LOOPBACK, ANY, ANY_6 = "0100007F:1F90", "00000000:1F90", f"{'0' * 32}:1F90"
MAPPED = "0000000000000000FFFF00000100007F:1F90"
ELSEWHERE, OTHER_PORT = "0200A8C0:1F90", "0100007F:1F91"
LISTENS, CONNECTED = "0A", "01"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

on_linux = pytest.mark.skipif(
    not all(table.exists() for table in own_servers.TABLES), reason="only Linux says whose it is"
)


def line(address: str, account: int, state: str = LISTENS) -> str:
    return (
        f"   1: {address} 00000000:0000 {state} 0:0 00:0 0 {account:>8} 0 181039 1 0 100 0 0 10 0"
    )


def error(number: int) -> bytes:
    """As netlink(7) refuses a question: a header, and the number."""
    return struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -number) + bytes(16)


def listening(account: int) -> bytes:
    """As sock_diag(7) describes a listening socket."""
    described = struct.pack("=BBBB48xIIIII", socket.AF_INET, 10, 0, 0, 0, 0, 128, account, 7)
    return struct.pack("=IHHII", 16 + len(described), 20, 0, 1, 0) + described


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """In which Linux lists its sockets, where it does not answer questions about one."""
    both = tmp_path / "tcp", tmp_path / "tcp6"
    monkeypatch.setattr(own_servers, "owners", lambda port: None)
    monkeypatch.setattr(own_servers, "TABLES", both)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    yield both


@pytest.mark.skipif(sys.byteorder != "little", reason="the addresses are little-endian")
@pytest.mark.parametrize(
    ("lines", "own"),
    [
        ([line(LOOPBACK, ME)], True),
        ([line(ANY, ME)], True),
        ([line(ANY_6, ME)], True),
        ([line(LOOPBACK, ROOT)], True),
        ([line(LOOPBACK, ME), line(ELSEWHERE, OTHER), line(OTHER_PORT, OTHER)], True),
        ([line(LOOPBACK, ME), line(LOOPBACK, OTHER, CONNECTED)], True),
        ([line(LOOPBACK, OTHER)], False),
        ([line(ANY, OTHER)], False),
        ([line(ANY_6, OTHER)], False),
        ([line(MAPPED, OTHER)], False),
        ([line(LOOPBACK, ME), line(ANY, OTHER)], False),
        ([line(LOOPBACK, ME, CONNECTED)], False),
        ([line(OTHER_PORT, ME)], False),
        ([], False),
    ],
)
def test_a_port_is_own_if_no_other_account_listens_there(
    tables: tuple[Path, Path], lines: list[str], own: bool
) -> None:
    for table, wanted in zip(tables, (False, True), strict=True):
        those = [each for each in lines if (len(each.split()[1]) > len(LOOPBACK)) is wanted]
        table.write_text("\n".join([HEAD, *those]) + "\n")

    assert is_own(8080) is own


def test_a_system_that_does_not_say_whose_a_port_is_has_no_check(
    tables: tuple[Path, Path],
) -> None:
    assert is_own(8080)


@on_linux
@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "")],
    ids=["loopback", "any", "any of both versions"],
)
def test_linux_says_whose_the_listening_socket_is(
    family: socket.AddressFamily, address: str
) -> None:
    dual = family is socket.AF_INET6
    with socket.create_server((address, 0), family=family, dualstack_ipv6=dual) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert owners(port) == {os.geteuid()}
            assert owners(client.getsockname()[1]) == set()  # connected, and no server

    assert owners(port) == set()


@pytest.mark.parametrize(
    ("answer", "account"),
    [(OSError(errno.EPERM, "no"), None), (error(errno.EOPNOTSUPP), None)]
    + [(error(errno.ENOENT), set()), (listening(OTHER), {OTHER})],
    ids=["not allowed", "not known", "none listens", "another account"],
)
def test_what_linux_answers_is_read(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | OSError, account: set[int] | None
) -> None:
    def ask(port: int) -> bytes:
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(socket_owners, "_ask", ask)

    assert owners(8080) == account


async def received() -> tuple[bytes, Exception | None]:
    """What a server gets of a request with a token, and how the request fails."""
    got = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read(65536))
        if got:
            writer.write(REPLY)
        writer.close()

    failure: Exception | None = None
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, aiohttp.ClientSession(connector=OwnServers(force_close=True)) as http:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/invocations"
        try:
            await http.post(url, data=b"payload", headers={"X-Emulator-Token": "token"})
        except aiohttp.ClientError as error:
            failure = error
        await asyncio.sleep(0.05)
    return bytes(got), failure


@on_linux
def test_a_server_of_this_account_gets_the_request() -> None:
    got, failure = asyncio.run(received())

    assert failure is None
    assert b"X-Emulator-Token: token" in got


def test_a_server_of_another_account_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_servers, "is_own", lambda port: False)

    got, failure = asyncio.run(received())

    assert got == b""
    assert isinstance(failure, aiohttp.ClientConnectorError)
    assert "is not of this account" in str(failure)


@on_linux
@pytest.mark.skipif(os.geteuid() != ROOT, reason="only root can listen as another account")
def test_the_kernel_names_the_other_account() -> None:
    program = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["/usr/bin/python3", "-I", "-c", program],
        user="nobody",
        group=pwd.getpwnam("nobody").pw_gid,
        extra_groups=[],
        cwd="/",
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as squatter:
        assert squatter.stdout is not None
        port = int(squatter.stdout.readline())
        try:
            assert not is_own(port)
        finally:
            squatter.communicate()

"""Both ends of the tunnel, as the programs that they are, with their pipes joined by the test.

In use the ends stand on two machines and have the same ports. Here they share one, so the test
passes the frames on with the port changed.
"""

import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

import pytest

from local.machine.tcp_ports import free_ports
from local.sam_local import tunnel

_SECONDS = 20


@dataclass(frozen=True)
class Joined:
    """`inside` is where clients connect, `outside` where their connections arrive."""

    inside: int
    outside: int
    ends: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]


def start(*arguments: str | int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(tunnel.__file__), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def pass_on(source: IO[bytes], sink: IO[bytes], port: int) -> None:
    frame = struct.Struct("!IHI")
    try:
        while header := source.read(frame.size):
            number, _, length = frame.unpack(header)
            sink.write(frame.pack(number, port, length) + source.read(length))
            sink.flush()
        sink.close()
    except (BrokenPipeError, ValueError):
        return


@contextmanager
def joined(outside: int) -> Iterator[Joined]:
    (inside,) = free_ports(1)
    with ExitStack() as exits:
        accept = exits.enter_context(start("accept", inside))
        connect = exits.enter_context(start("connect", outside))
        exits.callback(accept.kill)
        exits.callback(connect.kill)
        assert accept.stdin and accept.stdout and connect.stdin and connect.stdout
        for pair in (
            (accept.stdout, connect.stdin, outside),
            (connect.stdout, accept.stdin, inside),
        ):
            threading.Thread(target=pass_on, args=pair, daemon=True).start()
        waiting = exits.enter_context(start("wait", inside))
        assert waiting.wait(_SECONDS) == 0
        yield Joined(inside, outside, (accept, connect))


@pytest.fixture
def echo() -> Iterator[socket.socket]:
    """A server that sends back what it gets, backwards, once the client has said how much."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection, connection.makefile("rb") as stream:
                connection.sendall(stream.read(int(stream.readline()))[::-1])

        threading.Thread(target=serve, daemon=True).start()
        yield server
        server.shutdown(socket.SHUT_RDWR)


def ask(port: int, content: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(b"%d\n" % len(content) + content)
        with connection.makefile("rb") as stream:
            return stream.read()


def test_connections_at_the_same_time_keep_their_bytes_apart_and_in_order(
    echo: socket.socket,
) -> None:
    contents = [bytes([number]) * 300_000 + b"end%d" % number for number in range(12)]

    with joined(echo.getsockname()[1]) as ends, ThreadPoolExecutor(len(contents)) as clients:
        answers = list(clients.map(lambda content: ask(ends.inside, content), contents))

    assert answers == [content[::-1] for content in contents]


def test_a_client_is_disconnected_where_nothing_listens() -> None:
    (nothing,) = free_ports(1)

    with joined(nothing) as ends:
        assert ask(ends.inside, b"anyone") == b""


def test_a_client_that_leaves_is_gone_for_the_server_as_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, joined(server.getsockname()[1]) as ends:
        with socket.create_connection(("127.0.0.1", ends.inside)) as client:
            client.sendall(b"half a requ")
        connection, _ = server.accept()
        connection.settimeout(_SECONDS)

        with connection, connection.makefile("rb") as stream:
            assert stream.read() == b"half a requ"


def test_a_frame_leads_to_no_other_port_than_the_given_ones(echo: socket.socket) -> None:
    (given,) = free_ports(1)
    frame = struct.pack("!IHI", 1, echo.getsockname()[1], 3) + b"0\n\n"

    with start("connect", given) as connect:
        answer, _ = connect.communicate(frame, timeout=_SECONDS)

    assert answer == struct.pack("!IHI", 1, echo.getsockname()[1], 0)


@pytest.mark.parametrize("gone", [0, 1])
def test_each_end_stops_when_the_other_is_gone(echo: socket.socket, gone: int) -> None:
    with joined(echo.getsockname()[1]) as ends:
        ends.ends[gone].kill()

        assert ends.ends[1 - gone].wait(_SECONDS) == 0


def test_a_wait_that_times_out_names_the_command_that_connects_the_container(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tunnel, "_WAIT_SECONDS", 0.1)

    code = tunnel.main(["wait", str(free_ports(1)[0])])

    assert code == 1
    assert "make sam-connect" in capsys.readouterr().err

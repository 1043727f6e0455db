"""Carries TCP connections over one pair of pipes. A program by itself, for both ends of the pair.

    tunnel.py accept PORT ...     in the container: listens on its 127.0.0.1
    tunnel.py connect PORT ...    on this machine: connects to its 127.0.0.1
    tunnel.py wait PORT ...       in the container: returns when the first end listens

Standard output of each end is standard input of the other; an end stops when its input closes. It
needs nothing but the standard library, because the container has nothing else.

Every frame is a connection's number, its port, a length and that many bytes. The first frame of a
number opens the connection, so numbers rise in the order of first frames; a frame without bytes
closes it. Clients speak first, and no side closes by halves: both hold for HTTP.
"""

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence

_LOOPBACK = "127.0.0.1"
_FRAME = struct.Struct("!IHI")
_CHUNK = 64 * 1024

# `docker exec` takes a tenth of a second, on a busy machine some seconds.
_WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.02

_NOT_CONNECTED = (
    "nothing connects this container to the local stack: containers of this image work only while "
    "`make sam-invoke` or `make sam-connect` runs"
)


class _End:
    """One end of the tunnel."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ports = frozenset(ports)
        self._open: dict[int, asyncio.StreamWriter] = {}
        self._last = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self) -> None:
        """Listens, and passes on what comes in."""
        await self._attach()
        for port in self._ports:

            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = port
            ) -> None:
                await self._outward(0, port, reader, writer)

            await asyncio.start_server(serve, _LOOPBACK, port)
        async for number, _, data in self._frames():
            self._inward(number, data)

    async def connect(self) -> None:
        """Connects where a frame says so, to the given ports and no others."""
        await self._attach()
        async for number, port, data in self._frames():
            if number > self._last:
                self._last = number
                await self._dial(number, port)
            self._inward(number, data)

    async def _attach(self) -> None:
        loop = asyncio.get_running_loop()
        self._input = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._input), sys.stdin.buffer
        )
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), sys.stdout.buffer
        )
        self._output = asyncio.StreamWriter(transport, protocol, None, loop)

    async def _frames(self) -> AsyncIterator[tuple[int, int, bytes]]:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                header = await self._input.readexactly(_FRAME.size)
                number, port, length = _FRAME.unpack(header)
                yield number, port, await self._input.readexactly(length)

    async def _dial(self, number: int, port: int) -> None:
        try:
            if port not in self._ports:
                raise ConnectionRefusedError
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
        except OSError:
            await self._send(number, port, b"")
            return
        self._open[number] = writer
        task = asyncio.create_task(self._outward(number, port, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _inward(self, number: int, data: bytes) -> None:
        """Does not wait for the receiver: a slow one must not hold up the others."""
        writer = self._open.get(number)
        if writer is None:
            return
        if data:
            writer.write(data)
        else:
            del self._open[number]
            writer.close()

    async def _outward(
        self, number: int, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                if not number:
                    self._last = number = self._last + 1
                    self._open[number] = writer
                await self._send(number, port, data)
        if self._open.pop(number, None) is not None:
            await self._send(number, port, b"")
        writer.close()

    async def _send(self, number: int, port: int, data: bytes) -> None:
        self._output.write(_FRAME.pack(number, port, len(data)) + data)
        await self._output.drain()


def wait(ports: Sequence[int]) -> int:
    """Returns 0 when every port is listened on, and 1 when that takes too long."""
    deadline = time.monotonic() + _WAIT_SECONDS
    for port in ports:
        while True:
            try:
                socket.create_connection((_LOOPBACK, port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    print(_NOT_CONNECTED, file=sys.stderr)
                    return 1
                time.sleep(_POLL_SECONDS)
    return 0


def main(arguments: Sequence[str]) -> int:
    what, *numbers = arguments
    ports = [int(number) for number in numbers]
    if what == "wait":
        return wait(ports)
    end = _End(ports)
    with contextlib.suppress(ConnectionError):
        asyncio.run(end.accept() if what == "accept" else end.connect())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

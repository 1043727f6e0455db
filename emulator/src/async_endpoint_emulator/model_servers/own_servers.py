"""Connections to model servers of this account alone.

Before a server binds its port and after it has ended, a program of another account can listen
there. It would get the token and the payload of a request, and its answer would be the model's.
Linux says whose a listening socket is: in answer to a question, or where such questions are not
allowed, in a table (proc_net_tcp(5)). On other systems nothing is checked.
"""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from async_endpoint_emulator.model_servers.socket_owners import owners

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"


def _hexadecimal(address: str) -> str:
    """An address as the kernel writes it: a number in its own byte order."""
    return f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}"


_REACHED = tuple(map(_hexadecimal, ("127.0.0.1", "0.0.0.0")))  # noqa: S104


def listeners(port: int) -> Iterator[int]:
    """The accounts (user ids) that listen on the port at 127.0.0.1 or at every address."""
    for table in TABLES:
        with table.open() as lines:
            next(lines)  # the names of the columns
            for line in lines:
                _, local, _, state, _, _, _, account, *_ = line.split()
                if state != _LISTENS:
                    break  # listening sockets come first, and there can be thousands of others
                address, _, number = local.rpartition(":")
                # IPv6 has IPv4's addresses, and its own of all, with the same last part.
                if int(number, 16) == port and address.endswith(_REACHED):
                    yield int(account)


def is_own(port: int) -> bool:
    """Whether this account listens on the port, or root, and no other; true on other systems.

    Root listens for containers of Docker, and reads every traffic of the machine anyway.
    """
    found = owners(port)
    if found is None:
        if not all(table.exists() for table in TABLES):
            return True
        found = set(listeners(port))
    return bool(found) and found <= {os.geteuid(), 0}


class OwnServers(aiohttp.TCPConnector):
    """Refuses a connection to another account's server before anything is sent.

    It looks after connecting, because the listener that then exists has accepted the connection.
    aiohttp has no public hook there.
    """

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        protocol: ResponseHandler = await super()._create_connection(req, traces, timeout)
        port = req.connection_key.port
        if port is None or not is_own(port):
            protocol.close()
            problem = PermissionError(errno.EPERM, f"port {port} is not of this account")
            raise aiohttp.ClientConnectorError(req.connection_key, problem)
        return protocol

"""Which TCP ports of this machine are free."""

import socket

_LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there. A port that lingers after a connection is free."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
        except OSError:
            return False
    # macOS lets a second server bind to 127.0.0.1 beside one on every address.
    return not is_served(port)


def is_served(port: int) -> bool:
    """Whether a server takes connections there."""
    with socket.socket() as client:
        return client.connect_ex((_LOOPBACK, port)) == 0


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports on which no server listens at this moment."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind((_LOOPBACK, 0))
        return tuple(listener.getsockname()[1] for listener in listeners)
    finally:
        for listener in listeners:
            listener.close()

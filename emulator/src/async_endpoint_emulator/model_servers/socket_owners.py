"""Whose account a listening socket is, from one question to the kernel (sock_diag(7)).

/proc/net/tcp says the same in some milliseconds, because the kernel goes through the sockets of all
ports for it: more than a request to a model server takes in all.
"""

import errno
import socket
import struct

_LOOPBACK = socket.inet_aton("127.0.0.1")
_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY, _REQUEST, _ERROR = 20, 1, 2  # SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, NLMSG_ERROR
_LISTEN = 10  # TCP_LISTEN
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port id
_QUESTION = struct.Struct("=BBBBI")  # inet_diag_req_v2, before the id of the socket
_ANSWER = struct.Struct("=BBBB48xIIIII")  # inet_diag_msg; 48 bytes are the id of the socket
_NO_COOKIE = b"\xff" * 8


def owners(port: int) -> set[int] | None:
    """The account (user id) of the socket that accepts connections to 127.0.0.1 at the port.

    Empty if none listens there; None where the kernel does not answer such questions.
    """
    try:
        answer = _ask(port)
    except (AttributeError, OSError):  # not Linux, or a container that may not ask
        return None
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind == _ERROR:
        (number,) = struct.unpack_from("=i", answer, _HEADER.size)
        return set() if -number == errno.ENOENT else None
    _, state, _, _, _, _, _, account, _ = _ANSWER.unpack_from(answer, _HEADER.size)
    return {account} if state == _LISTEN else set()


def _ask(port: int) -> bytes:
    # No address and port at the other end: of the sockets at this one, only a listening one fits.
    ends = struct.pack("!HH", port, 0) + _LOOPBACK.ljust(16, b"\0") + bytes(16)
    identity = ends + bytes(4) + _NO_COOKIE
    question = _QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN) + identity
    header = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.send(header + question)
        return kernel.recv(8192)

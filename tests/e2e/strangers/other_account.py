"""What another account of the machine can do to a stack. A program of the standard library alone.

It is given to the interpreter as text, because the account may be unable to read the repository,
takes a JSON object from standard input, and writes [what it tried, what it got or null] for each
attempt.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

_SECONDS = 10
_SEIZE, _DETACH = 0x4206, 17  # of ptrace(2); the process goes on running
_OF_A_PROCESS = ("environ", "mem", "maps", "auxv", "io", "fd", "cwd", "root", "exe", "cmdline")

Attempt = tuple[str, Callable[[], object]]


def attempts(given: dict[str, Any]) -> Iterator[Attempt]:
    for path in given["paths"]:
        yield f"read {path}", partial(_read, path)
        yield f"write {path}", partial(_open_to_write, path)
        yield f"chmod {path}", partial(Path(path).chmod, 0o777)
    for path in given["directories"]:
        yield f"list {path}", partial(_read, path)
        yield f"create in {path}", partial(_create, f"{path}/stranger")
        yield f"enter {path}", partial(os.chdir, path)
        yield f"rename {path}", partial(Path(path).rename, f"{path}-stranger")
    for pid in given["pids"]:
        for name in _OF_A_PROCESS:
            yield f"{name} of {pid}", partial(_read, f"/proc/{pid}/{name}")
        for number in (0, signal.SIGCONT):
            yield f"signal {number} to {pid}", partial(os.kill, pid, number)
        yield f"trace {pid}", partial(_trace, pid)
        yield f"renice {pid}", partial(os.setpriority, os.PRIO_PROCESS, pid, 19)
    for request in given["requests"]:
        yield f"{request['credentials']}: {request['name']}", partial(_send, request)


def _open_to_write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def _read(name: str) -> object:
    path = Path(name)
    if path.is_symlink():
        return str(path.readlink())
    if path.is_dir():
        return [each.name for each in path.iterdir()]
    return path.read_bytes()[:4096].decode("latin-1")


def _create(name: str) -> None:
    Path(name).touch(0o600, exist_ok=False)
    Path(name).unlink()


def _trace(pid: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(_SEIZE, pid, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    library.ptrace(_DETACH, pid, 0, 0)


def _send(request: dict[str, Any]) -> object:
    """The status and the text of the answer."""
    scheme, _, rest = request["url"].partition("://")
    server, slash, target = rest.partition("/")
    context = ssl._create_unverified_context()  # noqa: S323 - it takes what it can get
    connection = (
        http.client.HTTPSConnection(server, timeout=_SECONDS, context=context)
        if scheme == "https"
        else http.client.HTTPConnection(server, timeout=_SECONDS)
    )
    try:
        connection.request(
            request["method"], slash + target, request["body"].encode(), request["headers"]
        )
        answer = connection.getresponse()
        return {"status": answer.status, "text": answer.read().decode("latin-1")}
    finally:
        connection.close()


def _outcome(run: Callable[[], object]) -> object:
    try:
        found = run()
        return "done" if found is None else found
    except (OSError, http.client.HTTPException):
        return None


def main() -> None:
    given = json.load(sys.stdin)
    socket.setdefaulttimeout(_SECONDS)
    found = [(what, _outcome(run)) for what, run in attempts(given)]
    json.dump(found, sys.stdout, default=str)


if __name__ == "__main__":
    main()

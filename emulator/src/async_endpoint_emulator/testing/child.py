"""A server as a child process, which ends with this process, however this one ends."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

_STOP_SECONDS = 30.0
_LOG_BYTES = 2000


class ServerFailed(Exception):
    """A server did not start. The message has the end of its log."""


@contextmanager
def running_server(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    descriptors: Sequence[int] = (),
) -> Iterator[str]:
    """Run a module that prints its URL first and stops when its standard input ends.

    The server leads a session of its own, so Ctrl-C in the terminal does not end it before its
    clients. It inherits the file descriptors.

    Raises:
        ServerFailed: it ended before it printed a URL.
    """
    with tempfile.TemporaryFile() as log:  # without a name, so that nothing is left of it
        process = subprocess.Popen(  # noqa: S603 - a module of this distribution
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(environment),
            text=True,
            start_new_session=True,
            pass_fds=descriptors,
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - pipes
        try:
            url = process.stdout.readline().strip()
            if not url:
                process.wait(_STOP_SECONDS)
                log.seek(0)
                said = log.read()[-_LOG_BYTES:].decode(errors="replace")
                raise ServerFailed(f"{module} did not start. {said}")
            yield url
        finally:
            process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            finally:
                process.kill()
                process.wait()
                process.stdout.close()

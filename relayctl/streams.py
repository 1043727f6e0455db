"""Standard streams that cannot be written, or not in every character.

`relayctl.__main__` imports this before all else: what takes half a second to import is not here.
"""

import codecs
import errno
import os
import sys
from typing import Final

# Why an output cannot be written. https://man7.org/linux/man-pages/man2/write.2.html
UNWRITABLE: Final = (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EDQUOT, errno.EFBIG)
_HANDLER: Final = "relayctl.escape"


def prepare() -> None:
    """Make the standard streams usable.

    A character that the encoding of a stream does not have is written as JSON escapes it, so that
    what a program reads stays JSON.

    Raises:
        OSError: there is no standard output.
    """
    codecs.register_error(_HANDLER, _escaped)
    # Python has None for a stream that its caller has closed.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115, PTH123 - open until the end
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def finish() -> None:
    """Write what standard output has not written yet; Python itself would do so after all else.

    Raises:
        OSError: it cannot be written.
    """
    # None: a reader such as `head` has enough.
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up() -> None:
    """Write nothing more to standard output: at its end, Python would fail once more."""
    sys.stdout = None


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    escapes = (f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return "".join(escapes), error.end

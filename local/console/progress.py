"""One updating line on a terminal; anywhere else a line every few seconds."""

import sys
from time import monotonic
from typing import TextIO

_SECONDS_BETWEEN_LINES = 3.0


class Progress:
    """Shows how far something is. `done` ends the line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._shown_at = 0.0
        self._text = ""

    def show(self, text: str) -> None:
        now = monotonic()
        if self._terminal:
            self._stream.write(f"\r\x1b[K{text}")
        elif text == self._text or now - self._shown_at < _SECONDS_BETWEEN_LINES:
            return
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()
        self._text, self._shown_at = text, now

    def done(self, text: str) -> None:
        """Leaves a last line."""
        self._stream.write(f"\r\x1b[K{text}\n" if self._terminal else f"{text}\n")
        self._stream.flush()

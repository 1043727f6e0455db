"""The log: one line for each message, whatever callers write into it."""

import logging
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Escapes control characters of messages. A traceback follows in lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of logging
        text = super().formatMessage(record)
        return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)

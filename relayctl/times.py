"""Points in time as a person writes and reads them."""

import re
from datetime import UTC, datetime, timedelta

from relayctl.errors import Misused

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([smhdw])")


def point(text: str, now: datetime, option: str) -> datetime:
    """Return the time that a text names: an age, such as `90s`, `10m`, `2h`, `7d`, or ISO 8601.

    A time without an offset is in UTC.

    Raises:
        Misused: the text is neither, or its year in UTC is not one of 1 to 9999.
    """
    try:
        if match := _AGE.fullmatch(text):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found.astimezone(UTC)
        return found
    except (ValueError, OverflowError):
        raise Misused(
            f"{option} is {text!r}; write an age such as 10m, 2h or 7d, or a time such as "
            "2026-11-27T09:00Z"
        ) from None


def local(text: str | None) -> str:
    """Return a time of the relay, ISO 8601 in UTC, to the second."""
    if not text:
        return ""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def ago(text: str | None, now: datetime) -> str:
    """Return how long ago a time of the relay was."""
    if not text:
        return ""
    seconds = round((now - datetime.fromisoformat(text)).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

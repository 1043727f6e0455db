"""Templates, and how pages write numbers and times."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from relay.reading import printable

from relayctl.times import ago

TEMPLATES: Final = Path(__file__).with_name("templates")
# States with what they mean for a person: the color and the sign beside the word.
TONES: Final[Mapping[str, str]] = {
    "completed": "good",
    "InService": "good",
    "submitted": "busy",
    "retrying": "busy",
    "not_submitted": "busy",
    "waiting": "busy",
    "held": "warning",
    "unreadable": "warning",
    "unknown": "warning",
    "Creating": "busy",
    "Updating": "busy",
    "running": "busy",
    "paused": "warning",
    "SystemUpdating": "busy",
    "failed": "bad",
    "rejected": "bad",
    "expired": "bad",
    "Failed": "bad",
    "OutOfService": "bad",
    "UpdateRollbackFailed": "bad",
}


class _Environment(Environment):
    """Names have to be there; a member that a JSON document does not have is None."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - as Jinja declares it
        if isinstance(obj, Mapping) and attribute not in obj and not hasattr(obj, attribute):
            return None
        return super().getattr(obj, attribute)


def environment(now: Callable[[], datetime]) -> Environment:
    """Return the environment of the templates. All text is escaped, and no name can be missing."""
    made = _Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=number,
        seconds=seconds,
        clock=clock,
        key=key,
        latency=latency,
        moment=moment,
        ago=lambda value: ago(_at(value).isoformat(), now()) if value else "–",
        size=size,
        tone=lambda state: TONES.get(str(state), "plain"),
        sentence=lambda text: str(text)[:1].upper() + str(text)[1:],
        words=lambda text: str(text).replace("_", " "),
    )
    made.globals["query"] = query
    return made


def html(text: str, status: int = 200) -> web.Response:
    """Return a page. JSON of others can have unpaired surrogates, which have no encoding."""
    return web.Response(text=printable(text), status=status, content_type="text/html")


def number(value: float | None) -> str:
    """Write a count with separators; a dash for what is not known."""
    return "–" if value is None else f"{value:,}"


def seconds(value: float | None) -> str:
    """Write a duration in the unit in which a person says it."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 100:
        return f"{value:.1f} s"
    if value < 6000:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h"


def key(location: str | None) -> str:
    """Write the key of an S3 URI, which a person recognises without its bucket."""
    return location.removeprefix("s3://").partition("/")[2] if location else ""


def latency(request: Mapping[str, Any]) -> float | None:
    """Return the seconds from the submission of a request to its result; None without one."""
    if "routed_at" not in request or "submitted_at" not in request:
        return None
    return (_at(request["routed_at"]) - _at(request["submitted_at"])).total_seconds()


def size(value: float) -> str:
    """Write a number of bytes."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return (
                f"{value:,.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
            )
        value /= 1000
    raise AssertionError


def clock(value: str | datetime | None) -> str:
    """Write the time of day in UTC."""
    return f"{_at(value):%H:%M:%S}" if value else "–"


def moment(value: str | datetime | None) -> str:
    """Write a date and a time in UTC."""
    return f"{_at(value):%Y-%m-%d %H:%M:%S}" if value else "–"


def _at(value: str | datetime) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC)


def query(given: Mapping[str, Any], **changes: object) -> str:
    """Return the query of an address with changes; a member that is None or empty is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in {**given, **changes}.items():
        several = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(each)) for each in several if each not in (None, "")]
    return f"?{urlencode(pairs)}" if pairs else "?"

"""Direct calls of the backfill function, and its schedule.

{"action": "preview", "prefix": "inputs/2025/", "seconds_per_inference": 5, "next": "…"}
{"action": "start", "name": "year-2025", "prefix": "inputs/2025/", "suffix": ".csv",
 "modified_from": "2025-01-01T00:00Z", "modified_to": "2026-01-01T00:00Z", "min_bytes": 1,
 "max_bytes": 1000000, "bucket": "…", "seconds_per_inference": 5}
{"action": "pause", "name": "year-2025"}                  also resume, cancel, retry_failed, status
{"action": "list"}
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from relay.backfill.estimate import EndpointSpeed, Tally
from relay.errors import UnreadableMessage
from relay.inputs.inputs import Inputs
from relay.reading import Reader

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SELECTION: Final = (
    "bucket",
    "prefix",
    "suffix",
    "modified_from",
    "modified_to",
    "min_bytes",
    "max_bytes",
)
_SPEED: Final = ("seconds_per_inference", "instances", "concurrent_invocations")

Verb = Literal["pause", "resume", "cancel", "retry_failed", "status"]
_VERBS: Final[tuple[Verb, ...]] = ("pause", "resume", "cancel", "retry_failed", "status")


@dataclass(frozen=True, slots=True)
class Tick:
    """The schedule: go on with what runs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The objects that a call selects. Without `modified_to`, the default of their bucket holds."""

    bucket: str
    prefix: str
    suffix: str = ""
    modified_from: datetime | None = None
    modified_to: datetime | None = None
    min_bytes: int = 0
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PreviewCall:
    """Count objects from a position on, and say what they take."""

    wanted: Wanted
    speed: EndpointSpeed
    start: Tally


@dataclass(frozen=True, slots=True)
class StartCall:
    """Start a backfill. Without a name it is named after the time."""

    wanted: Wanted
    speed: EndpointSpeed
    name: str


@dataclass(frozen=True, slots=True)
class NamedCall:
    """Do something with a backfill; without a name, with the one that was started last."""

    verb: Verb
    name: str


@dataclass(frozen=True, slots=True)
class ListCall:
    """Return all backfills that are kept."""


Call = PreviewCall | StartCall | NamedCall | ListCall


def read_call(event: object, inputs: Inputs) -> Tick | Call:
    """Read an event of the function. Raises UnreadableMessage with every problem.

    Args:
        event: the event.
        inputs: the folders of inputs, and the further buckets.
    """
    reader = Reader(event)
    call = _call(reader, inputs)
    reader.check(UnreadableMessage)
    return call


def _call(reader: Reader, inputs: Inputs) -> Tick | Call:
    if reader.optional_text("detail-type") == "Scheduled Event":
        return Tick()
    match reader.text("action"):
        case "preview":
            _only(reader, *_SELECTION, *_SPEED, "instance_dollars_per_hour", "next")
            return PreviewCall(_wanted(reader, inputs), _speed(reader), _start(reader))
        case "start":
            _only(reader, "name", *_SELECTION, *_SPEED)
            return StartCall(_wanted(reader, inputs), _speed(reader), _name(reader))
        case "list":
            _only(reader)
        case action if verb := next((each for each in _VERBS if each == action), None):
            _only(reader, "name")
            return NamedCall(verb, _name(reader))
        case action if action:
            known = ", ".join(sorted((*_VERBS, "list", "preview", "start")))
            reader.refuse("action", f"is {action!r}; known are {known}")
    return ListCall()


def _only(reader: Reader, *members: str) -> None:
    named = f"this call has {', '.join(members)}" if members else "this call has no other member"
    reader.only(("action", *members), lambda _: named)


def _name(reader: Reader) -> str:
    name = reader.optional_text("name") or ""
    if name and not _NAME.fullmatch(name):
        what = "letters, digits, dots, hyphens and underscores, at most 64"
        reader.refuse("name", f"is {name[:80]!r}; it must be of {what}")
    return name


def _wanted(reader: Reader, inputs: Inputs) -> Wanted:
    bucket = reader.optional_text("bucket") or inputs.bucket
    since, until = reader.optional_time("modified_from"), reader.optional_time("modified_to")
    least, most = _size(reader, "min_bytes"), _size(reader, "max_bytes")
    if since and until and since >= until:
        reader.refuse("modified_from", "is not before modified_to")
    if least is not None and most is not None and least > most:
        reader.refuse("min_bytes", "is more than max_bytes")
    return Wanted(
        bucket,
        _prefix(reader, bucket, inputs),
        reader.optional_text("suffix") or "",
        since,
        until,
        least or 0,
        most,
    )


def _size(reader: Reader, name: str) -> int | None:
    size = reader.optional_integer(name)
    if size is not None and size < 0:
        reader.refuse(name, f"is {size}; it must be 0 or more")
    return size


def _prefix(reader: Reader, bucket: str, inputs: Inputs) -> str:
    prefix = reader.optional_text("prefix")
    if bucket in inputs.further_buckets:
        return prefix or ""
    if bucket != inputs.bucket:
        known = ", ".join((inputs.bucket, *sorted(inputs.further_buckets)))
        hint = "the parameter BackfillBucketArns adds others"
        reader.refuse("bucket", f"is {bucket[:80]!r}; known are {known}, and {hint}")
        return ""
    if prefix is None and len(inputs.folders) == 1:
        return inputs.folders[0].key
    if not any((prefix or "").startswith(folder.key) for folder in inputs.folders):
        reader.refuse("prefix", f"must begin with that of the inputs: {_folders(inputs)}")
    return prefix or ""


def _folders(inputs: Inputs) -> str:
    return " or ".join(folder.key for folder in inputs.folders)


def _speed(reader: Reader) -> EndpointSpeed:
    return EndpointSpeed(
        _positive(reader, "seconds_per_inference"),
        _whole(reader, "instances") or 1,
        _whole(reader, "concurrent_invocations") or 1,
        _positive(reader, "instance_dollars_per_hour"),
    )


def _positive(reader: Reader, name: str) -> float | None:
    value = reader.optional_number(name)
    if value is not None and not 0 < value < 1_000_000:
        reader.refuse(name, f"is {value:g}; it must be more than 0 and less than 1,000,000")
        return None
    return value


def _whole(reader: Reader, name: str) -> int | None:
    value = reader.optional_integer(name)
    if value is not None and not 1 <= value <= 10_000:
        reader.refuse(name, f"is {value}; it must be from 1 to 10,000")
        return None
    return value


def _start(reader: Reader) -> Tally:
    text = reader.optional_text("next")
    try:
        return Tally.parse(text) if text else Tally()
    except ValueError:
        reader.refuse("next", "is not from an earlier response")
        return Tally()

"""S3's own events, however they arrive: which objects were created.

Keys are form-encoded in notifications and raw in EventBridge's events. S3 delivers both at least
once, in any order, usually within seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus

from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.s3uri import S3Uri

# Sequencers have different lengths and are compared as if zeros followed the shorter one.
_SEQUENCER_LENGTH: Final = 64
_EVENT_BRIDGE: Final = "aws.s3"
_CREATED: Final = "Object Created"


@dataclass(frozen=True, slots=True)
class CreatedObject:
    """One object, as it was when the event was raised.

    `sequencer` orders the writes of one key; the ETag stands in where there is none.
    """

    location: S3Uri
    size: int | None
    version_id: str | None
    sequencer: str
    created_at: datetime | None
    etag: str | None = None

    @property
    def version(self) -> str:
        """The version id, or the ETag where the bucket has no versions."""
        return self.version_id or self.etag or ""

    @property
    def order(self) -> str:
        """Grows from one write to the next. Raises UnreadableMessage where the time is missing."""
        if self.created_at is None:
            raise UnreadableMessage("the time of an upload is missing")
        time = self.created_at.isoformat(timespec="milliseconds")
        return f"{time} {self.sequencer:0<{_SEQUENCER_LENGTH}}"


@dataclass(frozen=True, slots=True)
class S3Event:
    """The objects of an event. `ignored` is the number of records without one.

    `problems` are of the records that cannot be read; they quote at most the name of a bucket.
    """

    objects: tuple[CreatedObject, ...] = ()
    ignored: int = 0
    problems: tuple[str, ...] = ()


def is_s3_event(value: object) -> bool:
    """Whether a JSON value is an event of S3 at all, of whatever kind."""
    if not isinstance(value, Mapping):
        return False
    return (
        value.get("Event") == "s3:TestEvent"
        or isinstance(value.get("Records"), list)
        or value.get("detail-type") == _CREATED
        or value.get("source") == _EVENT_BRIDGE
    )


def read_s3_event(value: object) -> S3Event:
    """Read an event for which `is_s3_event` holds. A bad record harms no other.

    Ignored are test events, other kinds of events, and the empty objects that stand for folders.
    """
    event = value if isinstance(value, Mapping) else {}
    if event.get("Event") == "s3:TestEvent" and "Records" not in event:
        return S3Event(ignored=1)
    if event.get("detail-type") == _CREATED:
        return _collected([("", event)], _from_event_bridge)
    if event.get("source") == _EVENT_BRIDGE:
        return S3Event(ignored=1)
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        return S3Event(problems=("Records is empty",))
    return _collected(
        ((f"Records[{index}]", record) for index, record in enumerate(records)), _from_record
    )


def _collected(
    records: Iterable[tuple[str, object]], read: Callable[[Fields], CreatedObject | None]
) -> S3Event:
    objects: list[CreatedObject] = []
    problems: list[str] = []
    ignored = 0
    for path, record in records:
        try:
            found = read(Fields(record, path))
        except UnreadableMessage as error:
            problems.append(str(error))
            continue
        if found is None or (found.location.key.endswith("/") and found.size == 0):
            ignored += 1
        else:
            objects.append(found)
    return S3Event(tuple(objects), ignored, tuple(problems))


def _from_record(record: Fields) -> CreatedObject | None:
    version = record.text("eventVersion")
    if not version.startswith("2."):
        record.refuse("eventVersion", "is not supported; the relay reads versions 2.x")
    if not record.text("eventName").removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    s3 = record.object("s3")
    s3_object = s3.object("object")
    return CreatedObject(
        _location(s3, _decoded(s3_object)),
        s3_object.optional_integer("size"),
        s3_object.optional_text("versionId"),
        s3_object.optional_text("sequencer") or s3_object.text("eTag"),
        record.optional_time("eventTime"),
        s3_object.optional_text("eTag"),
    )


def _from_event_bridge(event: Fields) -> CreatedObject:
    detail = event.object("detail")
    s3_object = detail.object("object")
    return CreatedObject(
        _location(detail, s3_object.text("key")),
        s3_object.optional_integer("size"),
        s3_object.optional_text("version-id"),
        s3_object.optional_text("sequencer") or s3_object.text("etag"),
        event.optional_time("time"),
        s3_object.optional_text("etag"),
    )


def _decoded(s3_object: Fields) -> str:
    try:
        return unquote_plus(s3_object.text("key"), errors="strict")
    except UnicodeDecodeError as error:
        raise UnreadableMessage(f"{s3_object.path_of('key')} is not UTF-8") from error


def _location(s3: Fields, key: str) -> S3Uri:
    try:
        return S3Uri(s3.object("bucket").text("name"), key)
    except ValueError as error:
        raise UnreadableMessage(f"{s3.path_of('')} is {error}") from error

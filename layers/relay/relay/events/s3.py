"""S3's own events, however they arrive: which objects were created.

Keys are form-encoded in notifications and raw in EventBridge's events. S3 delivers both at least
once, in any order, usually within seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus

from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.s3uri import S3Uri

# Sequencers have different lengths and are compared as if zeros followed the shorter one.
_SEQUENCER_LENGTH: Final = 64


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


def is_s3_event(value: object) -> bool:
    """Whether a JSON value is an event of S3 at all, of whatever kind."""
    if not isinstance(value, Mapping):
        return False
    return (
        value.get("Event") == "s3:TestEvent"
        or isinstance(value.get("Records"), list)
        or value.get("detail-type") == "Object Created"
    )


def created_objects(value: object) -> tuple[tuple[CreatedObject, ...], int]:
    """The objects of an event, and how many of its records are about nothing that was created.

    Ignored are test events, other kinds of events, and the empty objects that stand for folders.

    Raises:
        UnreadableMessage: it does not have the form of S3's events. Repeats no content of it.
    """
    event = Fields(value)
    if event.optional_text("Event") == "s3:TestEvent":
        return (), 1
    if event.optional_text("detail-type") == "Object Created":
        found: list[CreatedObject | None] = [_from_event_bridge(event)]
    else:
        found = [_from_record(record) for record in event.objects("Records")]
    objects = tuple(each for each in found if each and not each.location.key.endswith("/"))
    return objects, len(found) - len(objects)


def _from_record(record: Fields) -> CreatedObject | None:
    version = record.text("eventVersion")
    if not version.startswith("2."):
        record.refuse("eventVersion", "has another format; known are versions 2.x")
    if not record.text("eventName").removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    s3 = record.object("s3")
    s3_object = s3.object("object")
    return CreatedObject(
        S3Uri(s3.object("bucket").text("name"), unquote_plus(s3_object.text("key"))),
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
        S3Uri(detail.object("bucket").text("name"), s3_object.text("key")),
        s3_object.optional_integer("size"),
        s3_object.optional_text("version-id"),
        s3_object.optional_text("sequencer") or s3_object.text("etag"),
        event.optional_time("time"),
        s3_object.optional_text("etag"),
    )

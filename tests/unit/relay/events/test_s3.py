"""S3's events in every shape in which they arrive."""

from datetime import UTC, datetime

import pytest
from relay.errors import UnreadableMessage
from relay.events.s3 import CreatedObject, created_objects, is_s3_event
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, Json


def test_a_notification_has_encoded_keys() -> None:
    event = samples.upload("outputs/grün a+b.out", size=7, versionId="v1")
    event["Records"][0]["eventTime"] = "2026-11-20T12:00:09.306Z"

    assert created_objects(event) == (
        (
            CreatedObject(
                S3Uri(BUCKET, "outputs/grün a+b.out"),
                7,
                "v1",
                "00A1",
                datetime(2026, 11, 20, 12, 0, 9, 306_000, UTC),
                "e1",
            ),
        ),
        0,
    )


def test_an_event_of_eventbridge_has_raw_keys() -> None:
    s3_object = {"key": "outputs/a+b.out", "size": 7, "etag": "e1"}
    event: Json = {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": BUCKET}, "object": s3_object},
    }

    ((created,), ignored) = created_objects(event)

    assert (created.location, created.sequencer) == (S3Uri(BUCKET, "outputs/a+b.out"), "e1")
    assert (created.created_at, ignored) == (None, 0)
    assert (created.version, created.etag) == ("e1", "e1")
    with pytest.raises(UnreadableMessage, match="the time of an upload is missing"):
        _ = created.order


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "s3:ObjectTagging:Put"])
def test_what_created_nothing_is_ignored_and_counted(name: str) -> None:
    event = samples.upload("outputs/a")
    event["Records"][0]["eventName"] = name

    assert created_objects(event) == ((), 1)


@pytest.mark.parametrize("event", [samples.upload("outputs/"), {"Event": "s3:TestEvent"}])
def test_a_test_and_a_folder_are_ignored_and_counted(event: Json) -> None:
    assert is_s3_event(event)
    assert created_objects(event) == ((), 1)


@pytest.mark.parametrize(
    "value", [None, [], "text", {}, {"eventName": "TestNotification"}, samples.completed("a" * 32)]
)
def test_other_json_is_no_event_of_s3(value: object) -> None:
    assert not is_s3_event(value)


def test_a_version_of_another_kind_is_not_guessed_at() -> None:
    event = samples.upload("outputs/a")
    event["Records"][0]["eventVersion"] = "3.0"

    with pytest.raises(UnreadableMessage, match="known are versions 2.x"):
        created_objects(event)

"""S3's events in every shape in which they arrive."""

from datetime import UTC, datetime

import pytest
from relay.errors import UnreadableMessage
from relay.events.s3 import CreatedObject, S3Event, is_s3_event, read_s3_event
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, Json


def test_a_notification_has_encoded_keys() -> None:
    event = samples.upload("outputs/grün a+b.out", size=7, versionId="v1")
    event["Records"][0]["eventTime"] = "2026-11-20T12:00:09.306Z"

    assert read_s3_event(event) == S3Event(
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
    )


def test_an_event_of_eventbridge_has_raw_keys() -> None:
    s3_object = {"key": "outputs/a+b.out", "size": 7, "etag": "e1"}
    event: Json = {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": BUCKET}, "object": s3_object},
    }

    found = read_s3_event(event)
    (created,) = found.objects

    assert (created.location, created.sequencer) == (S3Uri(BUCKET, "outputs/a+b.out"), "e1")
    assert (created.created_at, found.ignored) == (None, 0)
    assert (created.version, created.etag) == ("e1", "e1")
    with pytest.raises(UnreadableMessage, match="the time of an upload is missing"):
        _ = created.order


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "s3:ObjectTagging:Put"])
def test_what_created_nothing_is_ignored_and_counted(name: str) -> None:
    event = samples.upload("outputs/a")
    event["Records"][0]["eventName"] = name

    assert read_s3_event(event) == S3Event(ignored=1)


@pytest.mark.parametrize("event", [samples.upload("outputs/", size=0), {"Event": "s3:TestEvent"}])
def test_a_test_and_a_folder_are_ignored_and_counted(event: Json) -> None:
    assert is_s3_event(event)
    assert read_s3_event(event) == S3Event(ignored=1)


def test_records_beside_a_test_are_read() -> None:
    """S3 never sends both."""
    event = {"Event": "s3:TestEvent", **samples.upload("inputs/a.csv")}

    assert len(read_s3_event(event).objects) == 1
    assert read_s3_event({"Event": "s3:TestEvent", "Records": {}}).problems


def test_an_object_whose_key_ends_in_a_slash_is_one_unless_it_is_empty() -> None:
    event = samples.upload("inputs/a.csv/", size=5_000_000)

    (created,) = read_s3_event(event).objects

    assert created.location.key == "inputs/a.csv/"


def test_an_object_of_unknown_size_is_one() -> None:
    event = samples.upload("inputs/a.csv/")
    del event["Records"][0]["s3"]["object"]["size"]

    assert len(read_s3_event(event).objects) == 1


@pytest.mark.parametrize(
    "kind",
    [
        "Object Deleted",
        "Object Restore Completed",
        "Object Storage Class Changed",
        "Object Tags Added",
        "Object ACL Updated",
    ],
)
def test_every_other_event_of_s3_in_eventbridge_is_ignored_and_counted(kind: str) -> None:
    event = {"source": "aws.s3", "detail-type": kind, "detail": {"bucket": {"name": BUCKET}}}

    assert is_s3_event(event)
    assert read_s3_event(event) == S3Event(ignored=1)


@pytest.mark.parametrize(
    "value", [None, [], "text", {}, {"eventName": "TestNotification"}, samples.completed("a" * 32)]
)
def test_other_json_is_no_event_of_s3(value: object) -> None:
    assert not is_s3_event(value)


def test_a_version_of_another_kind_is_not_guessed_at() -> None:
    event = samples.upload("outputs/a")
    event["Records"][0]["eventVersion"] = "3.0"

    (problem,) = read_s3_event(event).problems
    assert "the relay reads versions 2.x" in problem


@pytest.mark.parametrize(
    ("bucket", "key", "problem"),
    [
        ("/x", "inputs/a", "Records[1].s3 is not an S3 location: '/x' is not the name of a bucket"),
        ("a b", "inputs/a", "is not the name of a bucket"),
        ("a\nbc", "inputs/a", "is not the name of a bucket"),
        ("ab", "inputs/a", "is not the name of a bucket"),
        ("x" * 256, "inputs/a", "is not the name of a bucket"),
        ("bucket", "%FF", "Records[1].s3.object.key is not UTF-8"),
        ("bucket", "k" * 1025, "its key has 1,025 bytes; S3 accepts at most 1,024"),
        ("bucket", "%C3%BC" * 513, "its key has 1,026 bytes; S3 accepts at most 1,024"),
    ],
)
def test_a_name_that_s3_cannot_have_harms_only_its_record(
    bucket: str, key: str, problem: str
) -> None:
    event = samples.upload("inputs/good.csv")
    bad = samples.upload("inputs/bad.csv")["Records"][0]
    bad["s3"]["bucket"]["name"] = bucket
    bad["s3"]["object"]["key"] = key
    event["Records"] += [bad, "no object", *event["Records"]]

    found = read_s3_event(event)

    assert [each.location.key for each in found.objects] == ["inputs/good.csv"] * 2
    assert problem in found.problems[0]
    assert found.problems[1:] == ("Records[2] must be a JSON object, not a string",)


@pytest.mark.parametrize("bucket", ["abc", "my.bucket-1", "Old_Bucket", "x" * 255])
def test_every_name_that_a_bucket_may_have_is_read(bucket: str) -> None:
    (created,) = read_s3_event(samples.upload("inputs/a.csv", bucket=bucket)).objects

    assert created.location == S3Uri(bucket, "inputs/a.csv")

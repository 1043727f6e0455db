"""What a deployment reports about the buckets and prefixes that its parameters name."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from relay.errors import AccessDenied, TransientError
from relay.events.custom_resource import CheckRequest
from relay.events.endpoint_events import read_event
from relay.provision.lifecycle.custom_resource import Response

from tests.support.provisioning.world import World

EVENT = json.loads(
    (Path(__file__).parents[4] / "events" / "provision" / "locations.json").read_text()
)
OWN = EVENT["ResourceProperties"]["OwnBucketName"]
LAKE = {"InputBucketName": "lake", "InputPrefixes": ["fraud/in/"]}
POND = {"OutputBucketName": "pond"}
PUT = "aws s3api put-bucket-notification-configuration --bucket lake --notification-configuration"


def request(kind: str = "Create", id: str = "", /, **properties: object) -> CheckRequest:
    event: dict[str, Any] = {
        **EVENT,
        "RequestType": kind,
        "ResourceProperties": {**EVENT["ResourceProperties"], **properties},
    }
    if kind != "Create":
        event["PhysicalResourceId"] = id
    if kind == "Update":
        event["OldResourceProperties"] = EVENT["ResourceProperties"]
    wake_up = read_event(event)
    assert isinstance(wake_up, CheckRequest)
    return wake_up


def response(world: World, asked: CheckRequest) -> Response:
    world.wake(asked)
    return world.answers.pop()


def reason(world: World | None = None, /, **properties: object) -> str:
    """The reason with which a Create fails; "" if it succeeds."""
    return response(world or with_lake(), request(**properties)).reason


def with_lake(**state: Any) -> World:
    world = World()
    world.buckets.add("lake", **state)
    world.buckets.add("pond", events=False)
    return world


def create(world: World, /, **properties: object) -> str:
    made = response(world, request(**properties))
    assert made.reason == ""
    return made.physical_resource_id


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"OutputPrefix": "results/fraud/", "FailurePrefix": "results/fraud-failures/"},
        LAKE,
        {**LAKE, **POND},
        {**LAKE, "OutputBucketName": "lake", "OutputPrefix": "fraud/out/", "FailurePrefix": "f/"},
        {**LAKE, "InputPrefixes": ["a/", "b/", "c/", "d/", "größe +&'()/"]},
        {**LAKE, "InputPrefixes": ["outputs/"]},
        {"InputPrefixes": ["Team-a_1.b!'(c)/in/"], "OutputPrefix": "team=a/größe +/"},
        {"InputDefaults": '{"inputs/fraud/": {"custom_attributes": "team=fraud"}}'},
        {**LAKE, "AccessLogs": "s3://lake/relay/"},
        {**LAKE, "InputPrefixes": ["relay/in/"], "AccessLogs": "s3://lake/relay/"},
        {"InputPrefixes": ["relay/"], "AccessLogs": "s3://logs/relay/"},
    ],
)
def test_locations_that_cannot_loop_are_a_success(properties: dict[str, object]) -> None:
    assert reason(**properties) == ""


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        (
            {"OutputPrefix": "inputs/out/"},
            f"InputPrefixes s3://{OWN}/inputs/ and OutputPrefix s3://{OWN}/inputs/out/ overlap",
        ),
        (
            {"FailurePrefix": "inputs/"},
            f"InputPrefixes s3://{OWN}/inputs/ and FailurePrefix s3://{OWN}/inputs/ overlap",
        ),
        (
            {"InputPrefixes": ["outputs/raw/"]},
            f"InputPrefixes s3://{OWN}/outputs/raw/ and OutputPrefix s3://{OWN}/outputs/ overlap",
        ),
        (
            {"FailurePrefix": "outputs/failures/"},
            f"OutputPrefix s3://{OWN}/outputs/ and FailurePrefix s3://{OWN}/outputs/failures/ over",
        ),
        (
            {**LAKE, "OutputBucketName": "lake", "OutputPrefix": "fraud/in/out/"},
            "InputPrefixes s3://lake/fraud/in/ and OutputPrefix s3://lake/fraud/in/out/ overlap",
        ),
        (
            {**LAKE, "InputPrefixes": ["fraud/", "orders/", "fraud/late/"]},
            "InputPrefixes s3://lake/fraud/ and InputPrefixes s3://lake/fraud/late/ overlap, and "
            "the shorter one has the uploads of both; leave the other one out",
        ),
        ({"OutputPrefix": "models/"}, f"and the folder of models s3://{OWN}/models/ overlap"),
        ({"InputPrefixes": ["inputs"]}, "InputPrefixes 'inputs' must be a folder"),
        ({"OutputPrefix": ""}, "OutputPrefix '' must be a folder"),
        ({"OutputPrefix": "/"}, "OutputPrefix '/' must be a folder"),
        ({"OutputPrefix": "a/../inputs/"}, "OutputPrefix 'a/../inputs/' must be a folder"),
        ({"InputPrefixes": [""]}, "InputPrefixes is empty; name at least one prefix"),
        (
            {"InputPrefixes": ["a/", "b/"]},
            "InputPrefixes has 2 prefixes, and the stack's own bucket announces uploads under one",
        ),
        *(
            ({"InputPrefixes": [prefix]}, f"InputPrefixes {prefix!r} has characters under which")
            for prefix in ("team=a/", "a b/", "a+b/", "größe/", "a%3Db/", "a&b/", "a@b/")
        ),
        (
            {**LAKE, "InputPrefixes": [f"team-{n}/" for n in range(6)]},
            "InputPrefixes has 6 prefixes, and may have 5",
        ),
        (
            {**LAKE, "InputPrefixes": ["a" * 300 + "/", "b" * 299 + "/"]},
            "InputPrefixes has 601 characters, and may have 600",
        ),
        (
            {"InputBucketName": OWN},
            f"InputBucketName is {OWN}, the stack's own bucket; leave it empty",
        ),
        (
            {**LAKE, "InputPrefixes": ["in/", "relay/"], "AccessLogs": "s3://lake/relay/"},
            "InputPrefixes s3://lake/relay/ has the access logs of the stack's bucket, which S3 "
            "writes under s3://lake/relay/, and logs would be taken for inputs; choose another",
        ),
        ({"InputDefaults": "{"}, "InputDefaults: the document is not JSON"),
        (
            {"InputDefaults": '{"orders/": {"ttl_seconds": 5}}'},
            "InputDefaults: orders/ is not at or below a prefix of inputs: inputs/; "
            "InputDefaults: orders/.ttl_seconds is 5; it must be from 60 to 21,600",
        ),
    ],
)
def test_what_could_loop_or_means_nothing_fails_the_deployment(
    properties: dict[str, object], says: str
) -> None:
    world = with_lake()
    world.buckets.add(OWN)

    refused = reason(world, **properties)

    assert refused.startswith("the locations are wrong: ")
    assert says in refused


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    refused = reason(InputPrefixes=["inputs"], OutputPrefix="", InputDefaults="[]")

    assert refused.count("; ") >= 2


def test_a_bucket_without_events_is_refused_with_the_command_that_switches_them_on() -> None:
    assert reason(with_lake(events=False), **LAKE) == (
        "the locations are wrong: bucket lake does not send its events to EventBridge, so that no "
        f"upload arrives; switch them on: {PUT} '{{\"EventBridgeConfiguration\": {{}}}}'"
    )


def test_the_command_keeps_the_notifications_that_the_bucket_has() -> None:
    refused = reason(with_lake(events=False, others=True), **LAKE)

    assert "get-bucket-notification-configuration --bucket lake > notifications.json; " in refused
    assert f"{PUT} file://notifications.json" in refused


def test_a_bucket_of_outputs_needs_no_events() -> None:
    assert reason(**POND) == ""


@pytest.mark.parametrize("properties", [LAKE, {"OutputBucketName": "lake"}])
def test_a_bucket_of_another_region_is_refused(properties: dict[str, object]) -> None:
    assert reason(with_lake(region="eu-west-1"), **properties) == (
        "the locations are wrong: bucket lake is in eu-west-1, and the stack in us-east-1; use a "
        "bucket of the stack's region"
    )


@pytest.mark.parametrize("name", ["InputBucketName", "OutputBucketName"])
def test_a_bucket_that_does_not_exist_is_refused(name: str) -> None:
    assert reason(**{name: "nowhere"}) == (
        "the locations are wrong: bucket nowhere cannot be used: NoSuchBucket: The specified "
        "bucket does not exist"
    )


def test_a_bucket_that_denies_the_check_is_refused_once_iam_must_know_the_permission() -> None:
    world = with_lake()
    world.buckets.errors["lake"] = AccessDenied("get the location of bucket lake: AccessDenied")
    world.clock.time = datetime(2026, 11, 20, 12, 0, 29, tzinfo=UTC)

    with pytest.raises(AccessDenied):
        world.wake(request(**LAKE))
    assert world.answers == []
    world.clock.time += timedelta(seconds=1)

    assert reason(world, **LAKE) == (
        "the locations are wrong: bucket lake cannot be checked: get the location of bucket lake: "
        "AccessDenied; it has to be a bucket of the stack's account, whose policy does not deny "
        "this to the role of the provision function"
    )


def test_what_is_wrong_with_a_bucket_of_inputs_and_outputs_is_reported_once() -> None:
    world = with_lake(region="eu-west-1")

    refused = reason(world, **LAKE, OutputBucketName="lake")

    assert refused.count("bucket lake is in eu-west-1") == 1


def test_a_bucket_that_cannot_be_looked_at_for_now_is_looked_at_again() -> None:
    world = with_lake()
    world.buckets.errors["lake"] = TransientError("SlowDown")

    with pytest.raises(TransientError):
        world.wake(request(**LAKE))

    assert world.answers == []


# --- updates and their rollback ------------------------------------------------------------------


def test_an_update_to_a_bucket_without_events_is_refused_and_its_rollback_is_not() -> None:
    world = with_lake()
    id = create(world, **LAKE)
    world.buckets.add("other", events=False)

    refused = response(world, request("Update", id, InputBucketName="other"))
    world.buckets.add("lake", events=False)
    rolled_back = response(world, request("Update", refused.physical_resource_id, **LAKE))

    assert "bucket other does not send its events" in refused.reason
    assert refused.physical_resource_id == id
    assert (rolled_back.reason, rolled_back.physical_resource_id) == ("", id)


def test_the_rollback_of_an_update_that_was_accepted_is_not_refused_either() -> None:
    """Another resource fails after CloudFormation has got the new id."""
    world = with_lake()
    id = create(world, **LAKE, **POND)
    world.buckets.add("other")
    updated = response(world, request("Update", id, InputBucketName="other"))
    world.buckets.add("lake", events=False)
    del world.buckets.regions["pond"]

    for known in (updated.physical_resource_id, id):
        rolled_back = response(world, request("Update", known, **LAKE, **POND))
        assert rolled_back.reason == ""
    assert updated.reason == ""
    assert updated.physical_resource_id != id


def test_what_was_accepted_long_ago_is_checked_again() -> None:
    world = with_lake()
    world.buckets.add("other")
    id = create(world, **LAKE)
    id = response(world, request("Update", id, InputBucketName="other")).physical_resource_id
    id = response(world, request("Update", id)).physical_resource_id
    world.buckets.add("lake", events=False)

    assert "bucket lake does not send" in response(world, request("Update", id, **LAKE)).reason


def test_a_bucket_of_outputs_that_becomes_one_of_inputs_is_checked() -> None:
    world = with_lake(events=False)
    id = create(world, OutputBucketName="lake")

    assert "does not send its events" in response(world, request("Update", id, **LAKE)).reason


@pytest.mark.parametrize("trouble", ["off", "gone", "denied", "away"])
def test_an_update_does_not_fail_for_what_became_of_the_bucket_and_logs_it(trouble: str) -> None:
    world = with_lake()
    id = create(world, **LAKE)
    match trouble:
        case "off":
            world.buckets.add("lake", events=False)
        case "gone":
            del world.buckets.regions["lake"]
        case "denied":
            world.buckets.errors["lake"] = AccessDenied("AccessDenied")
        case "away":
            world.buckets.errors["lake"] = TransientError("SlowDown")

    updated = response(world, request("Update", id, **{**LAKE, "InputPrefixes": ["orders/"]}))

    assert (updated.reason, updated.physical_resource_id) == ("", id)
    assert any(note.level.name == "ERROR" for note in world.notes)
    assert "locations checked: " in world.log()


def test_an_update_can_still_be_refused_for_prefixes_that_overlap() -> None:
    world = with_lake()
    id = create(world)

    refused = response(world, request("Update", id, OutputPrefix="inputs/out/"))

    assert "overlap" in refused.reason
    assert response(world, request("Update", id)).reason == ""


def test_a_delete_asks_for_nothing() -> None:
    deleted = response(World(), request("Delete", "CheckedLocations", OutputPrefix=""))

    assert (deleted.reason, deleted.physical_resource_id) == ("", "CheckedLocations")

import json
from pathlib import Path
from typing import Any

import pytest
from relay.errors import UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest
from relay.events.endpoint_events import (
    ArtifactsUploaded,
    Describe,
    DirectCall,
    EndpointChanged,
    Sweep,
    read_event,
)
from relay.events.s3 import CreatedObject
from relay.provision.lifecycle.custom_resource import RequestType
from relay.provision.specification.read import read_specification

EVENTS = Path(__file__).parents[4] / "events" / "provision"


def event(name: str) -> dict[str, object]:
    document: dict[str, object] = json.loads((EVENTS / f"{name}.json").read_text())
    return document


def upload(sequencer: str = "0069E5C1A7B3D2F410", **changes: object) -> dict[str, object]:
    """The event of one upload, changed."""
    document: dict[str, Any] = event("artifact-uploaded")
    [record] = document["Records"]
    record["s3"]["object"]["sequencer"] = sequencer
    record.update(changes)
    return document


def uploads(document: dict[str, object]) -> tuple[CreatedObject, ...]:
    read = read_event(document)
    assert isinstance(read, ArtifactsUploaded)
    return read.uploads


@pytest.mark.parametrize(
    ("name", "request_type", "physical_resource_id"),
    [
        ("create", RequestType.CREATE, ""),
        ("update", RequestType.UPDATE, "relay"),
        ("delete", RequestType.DELETE, "relay"),
    ],
)
def test_a_custom_resource_request_is_read(
    name: str, request_type: RequestType, physical_resource_id: str
) -> None:
    request = read_event(event(name))

    assert isinstance(request, CustomResourceRequest)
    assert request.type is request_type
    assert request.physical_resource_id == physical_resource_id
    assert request.logical_resource_id == "Endpoint"
    assert bool(request.old_properties) is (request_type is RequestType.UPDATE)
    read_specification(request.properties, "us-east-1")


@pytest.mark.parametrize(
    ("name", "endpoint", "status"),
    [
        ("endpoint-in-service", "relay", "InService"),
        ("endpoint-in-service-api-spelling", "relay", "InService"),
        ("endpoint-failed", "relay", "Failed"),
        ("other-endpoint", "another-owners", "InService"),
    ],
)
def test_a_state_change_is_read_in_both_spellings(name: str, endpoint: str, status: str) -> None:
    assert read_event(event(name)) == EndpointChanged(endpoint, status)


@pytest.mark.parametrize(
    ("spelling", "status"),
    [
        ("UPDATE_ROLLBACK_FAILED", "UpdateRollbackFailed"),
        ("SYSTEM_UPDATING", "SystemUpdating"),
        ("SystemUpdating", "SystemUpdating"),
    ],
)
def test_a_status_is_spelled_as_the_api_spells_it(spelling: str, status: str) -> None:
    change = event("endpoint-in-service")
    change["detail"] = {"EndpointName": "relay", "EndpointStatus": spelling}

    assert read_event(change) == EndpointChanged("relay", status)


def test_the_schedule_and_a_question_are_read() -> None:
    assert read_event(event("sweep")) == Sweep()
    assert read_event(event("describe")) == Describe()


def test_what_is_asked_for_directly_is_read_as_it_came() -> None:
    for case, action in (
        ("deploy", "deploy"),
        ("rollback", "rollback"),
        ("delete-directly", "delete"),
    ):
        assert read_event(event(case)) == DirectCall(action, event(case))


def test_an_uploaded_artifact_is_read() -> None:
    [artifact] = uploads(event("artifact-uploaded"))

    assert artifact.location.bucket == "relay-data-000000000000-us-east-1"
    assert artifact.location.key == "models/churn 2026/model.tar.gz"
    assert artifact.version == "d41d8cd98f00b204e9800998ecf8427e"


def test_eventbridge_spells_keys_as_they_are_and_has_the_version() -> None:
    [artifact] = uploads(event("artifact-uploaded-eventbridge"))

    assert artifact.location.key == "models/churn 2026/model.tar.gz"
    assert artifact.version == "L4kqtJlcpXroDTDmpUMLUo"


def test_the_bucket_may_try_its_notifications() -> None:
    assert uploads(event("s3-test-event")) == ()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (
            upload(eventTime="2026-11-20T08:12:55.622Z", sequencer="00FF"),
            upload(eventTime="2026-11-20T08:12:55.623Z", sequencer="00"),
        ),
        (upload(sequencer="0069E5"), upload(sequencer="0069E51")),
        (upload(sequencer="0069E5C1"), upload(sequencer="0069E6")),
    ],
)
def test_uploads_are_ordered_by_time_and_then_by_sequencer(
    earlier: dict[str, object], later: dict[str, object]
) -> None:
    [first], [second] = uploads(earlier), uploads(later)

    assert first.order < second.order


def without(name: str, member: str) -> dict[str, object]:
    return {key: value for key, value in event(name).items() if key != member}


@pytest.mark.parametrize(
    ("unreadable", "reason"),
    [
        (None, "the event must be a JSON object, not null"),
        ([], "the event must be a JSON object, not a list"),
        ({}, "members none"),
        ({"action": "explode"}, "members action"),
        (without("create", "ResponseURL"), "ResponseURL is missing"),
        (without("create", "ResourceProperties"), "ResourceProperties is missing"),
        (without("update", "PhysicalResourceId"), "PhysicalResourceId is missing"),
        (without("update", "OldResourceProperties"), "OldResourceProperties is missing"),
        (
            {**event("create"), "RequestType": "Explode"},
            "RequestType must be one of Create, Update, Delete",
        ),
        (without("endpoint-failed", "detail"), "detail is missing"),
    ],
)
def test_what_is_not_recognised_says_why_without_repeating_it(
    unreadable: object, reason: str
) -> None:
    with pytest.raises(UnreadableMessage) as refusal:
        read_event(unreadable)

    assert reason in str(refusal.value)
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    ("unreadable", "reason"),
    [
        ({"Records": []}, "Records is empty"),
        ({"Records": [{"body": "hush"}]}, "Records[0].eventVersion is missing"),
        ({"Records": ["hush"]}, "Records[0] must be a JSON object, not a string"),
        ({"Records": [{"eventVersion": "2.1", "eventName": "ObjectCreated:Put"}]}, "s3 is missing"),
        (upload(eventVersion="hush"), "Records[0].eventVersion is not supported"),
        (upload(eventTime="hush"), "Records[0].eventTime must be a time in ISO 8601"),
    ],
)
def test_an_upload_that_cannot_be_read_says_why_without_repeating_it(
    unreadable: object, reason: str
) -> None:
    read = read_event(unreadable)

    assert isinstance(read, ArtifactsUploaded)
    assert read.uploads == ()
    (problem,) = read.problems
    assert reason in problem
    assert "hush" not in problem


def test_an_upload_beside_one_that_cannot_be_read_is_read() -> None:
    document = upload()
    records = document["Records"]
    assert isinstance(records, list)
    before = uploads(document)

    read = read_event({"Records": ["hush", *records, {}]})

    assert isinstance(read, ArtifactsUploaded)
    assert read.uploads == before
    assert [problem.split()[0] for problem in read.problems] == [
        "Records[0]",
        "Records[2].eventVersion",
    ]

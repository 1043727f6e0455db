import json
from pathlib import Path

import pytest
from relay.errors import UnreadableMessage
from relay.provisioning.events import (
    CustomResourceRequest,
    Describe,
    EndpointChanged,
    Sweep,
    parse,
)
from relay.provisioning.reading import read_specification
from relay.provisioning.record import RequestType

EVENTS = Path(__file__).parents[3] / "events" / "provision"


def event(name: str) -> dict[str, object]:
    document: dict[str, object] = json.loads((EVENTS / f"{name}.json").read_text())
    return document


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
    request = parse(event(name))

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
        ("other-endpoint", "somebody-elses", "InService"),
    ],
)
def test_a_state_change_is_read_in_both_spellings(name: str, endpoint: str, status: str) -> None:
    assert parse(event(name)) == EndpointChanged(endpoint, status)


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

    assert parse(change) == EndpointChanged("relay", status)


def test_the_schedule_and_a_question_are_read() -> None:
    assert parse(event("sweep")) == Sweep()
    assert parse(event("describe")) == Describe()


def without(name: str, member: str) -> dict[str, object]:
    return {key: value for key, value in event(name).items() if key != member}


@pytest.mark.parametrize(
    ("unreadable", "told"),
    [
        (None, "the event is no JSON object"),
        ([], "the event is no JSON object"),
        ({}, "members none"),
        ({"action": "explode"}, "members action"),
        ({"Records": [{"body": "hush"}]}, "members Records"),
        (without("create", "ResponseURL"), "ResponseURL is missing"),
        (without("create", "ResourceProperties"), "ResourceProperties is no JSON object"),
        (without("update", "PhysicalResourceId"), "PhysicalResourceId is missing"),
        (without("update", "OldResourceProperties"), "OldResourceProperties is no JSON object"),
        ({**event("create"), "RequestType": "Explode"}, "unknown type"),
        (without("endpoint-failed", "detail"), "detail is no JSON object"),
    ],
)
def test_what_is_not_recognised_says_why_without_repeating_it(
    unreadable: object, told: str
) -> None:
    with pytest.raises(UnreadableMessage) as refusal:
        parse(unreadable)

    assert told in str(refusal.value)
    assert "hush" not in str(refusal.value)

"""What wakes the function: the only reader of its raw events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import UnreadableMessage
from relay.provisioning.record import RequestType

_STATE_CHANGE: Final = "SageMaker Endpoint State Change"
_SCHEDULED: Final = "Scheduled Event"
_ROUTES: Final = "Custom::Routes"


@dataclass(frozen=True, slots=True)
class CustomResourceRequest:
    """CloudFormation asks for an endpoint to be created, updated or deleted.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
    """

    type: RequestType
    request_id: str
    response_url: str
    stack_id: str
    logical_resource_id: str
    # Empty for a Create.
    physical_resource_id: str
    properties: Mapping[str, object]
    # Empty unless it is an Update.
    old_properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RoutesRequest:
    """CloudFormation asks whether a route document can be used: `Custom::Routes`."""

    request: CustomResourceRequest


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """EventBridge has seen an endpoint change. Best effort, and several of them for one change."""

    endpoint_name: str
    # As the API spells it: `InService`, also where the event says `IN_SERVICE`.
    status: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """The schedule: look whether an event was missed."""


@dataclass(frozen=True, slots=True)
class Describe:
    """Somebody asks how things stand: `{"action": "describe"}`."""


WakeUp = CustomResourceRequest | RoutesRequest | EndpointChanged | Sweep | Describe


def parse(event: object) -> WakeUp:
    """Reads any event of the function.

    Raises:
        UnreadableMessage: it is none of these, or lacks a member. Nothing of its content is
        repeated in the
            message, for it may hold secrets.
    """
    members = _mapping(event, "the event")
    if "RequestType" in members:
        request = _custom_resource(members)
        return RoutesRequest(request) if members.get("ResourceType") == _ROUTES else request
    if members.get("detail-type") == _STATE_CHANGE:
        detail = _mapping(members.get("detail"), "detail")
        status = _text(detail, "EndpointStatus")
        return EndpointChanged(_text(detail, "EndpointName"), _api_spelling(status))
    if members.get("detail-type") == _SCHEDULED:
        return Sweep()
    if members.get("action") == "describe":
        return Describe()
    raise UnreadableMessage(
        f"an event with the members {', '.join(sorted(map(str, members))) or 'none'} "
        "is neither a custom "
        f'resource request, nor "{_STATE_CHANGE}", nor "{_SCHEDULED}", nor {{"action": "describe"}}'
    )


def _custom_resource(members: Mapping[str, object]) -> CustomResourceRequest:
    try:
        request_type = RequestType(_text(members, "RequestType"))
    except ValueError as error:
        raise UnreadableMessage(f"a custom resource request of an unknown type: {error}") from error
    is_create = request_type is RequestType.CREATE
    is_update = request_type is RequestType.UPDATE
    return CustomResourceRequest(
        type=request_type,
        request_id=_text(members, "RequestId"),
        response_url=_text(members, "ResponseURL"),
        stack_id=_text(members, "StackId"),
        logical_resource_id=_text(members, "LogicalResourceId"),
        physical_resource_id="" if is_create else _text(members, "PhysicalResourceId"),
        properties=_mapping(members.get("ResourceProperties"), "ResourceProperties"),
        old_properties=(
            _mapping(members.get("OldResourceProperties"), "OldResourceProperties")
            if is_update
            else {}
        ),
    )


def _api_spelling(status: str) -> str:
    if not status.isupper():
        return status
    return "".join(word.capitalize() for word in status.split("_"))


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableMessage(f"{name} is missing from the event")
    return value


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise UnreadableMessage(f"{name} is no JSON object")
    return value

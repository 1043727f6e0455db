"""What wakes the function: the only reader of its raw events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_plus

from relay.errors import UnreadableMessage
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType

_STATE_CHANGE: Final = "SageMaker Endpoint State Change"
_SCHEDULED: Final = "Scheduled Event"
_OBJECT_CREATED: Final = "Object Created"
# S3's sequencers have different lengths and count like numbers with their zeros cut off.
_SEQUENCER_LENGTH: Final = 64
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

    def pending(self, first_id: str, now: datetime) -> PendingRequest:
        """`first_id` is the physical resource id of a Create."""
        return PendingRequest(
            type=self.type,
            request_id=self.request_id,
            response_url=self.response_url,
            stack_id=self.stack_id,
            logical_resource_id=self.logical_resource_id,
            physical_resource_id=self.physical_resource_id or first_id,
            since=now,
        )


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


@dataclass(frozen=True, slots=True)
class ArtifactUploaded:
    """An object was put into the bucket. S3 tells it at least once, and in any order.

    `version` tells one content under the key from the next; `order` grows from upload to upload.
    """

    bucket: str
    key: str
    version: str
    order: str


@dataclass(frozen=True, slots=True)
class ArtifactsUploaded:
    """What S3 tells in one event; nothing at all in its test event."""

    uploads: tuple[ArtifactUploaded, ...]


@dataclass(frozen=True, slots=True)
class DirectCall:
    """`{"action": "deploy" | "rollback" | "delete", …}`, as it came."""

    action: str
    members: Mapping[str, object]


WakeUp = (
    CustomResourceRequest
    | RoutesRequest
    | EndpointChanged
    | Sweep
    | Describe
    | ArtifactsUploaded
    | DirectCall
)


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
    if (uploads := _uploads(members)) is not None:
        return uploads
    if members.get("action") == "describe":
        return Describe()
    if members.get("action") in ("deploy", "rollback", "delete"):
        return DirectCall(_text(members, "action"), members)
    raise UnreadableMessage(
        f"an event with the members {', '.join(sorted(map(str, members))) or 'none'} is neither a "
        f'custom resource request, nor "{_STATE_CHANGE}", nor "{_SCHEDULED}", nor an event of S3, '
        'nor a call with the action "describe", "deploy" or "rollback"'
    )


def _uploads(members: Mapping[str, object]) -> ArtifactsUploaded | None:
    if members.get("Event") == "s3:TestEvent":
        return ArtifactsUploaded(())
    if members.get("detail-type") == _OBJECT_CREATED:
        return ArtifactsUploaded((_from_eventbridge(members),))
    records = members.get("Records")
    if not isinstance(records, list) or not records:
        return None
    return ArtifactsUploaded(tuple(_from_s3(_mapping(each, "a record")) for each in records))


def _from_s3(record: Mapping[str, object]) -> ArtifactUploaded:
    s3 = _mapping(record.get("s3"), "s3")
    found = _mapping(s3.get("object"), "s3.object")
    return ArtifactUploaded(
        bucket=_text(_mapping(s3.get("bucket"), "s3.bucket"), "name"),
        key=unquote_plus(_text(found, "key")),
        version=str(found.get("versionId") or found.get("eTag") or ""),
        order=_order(_text(record, "eventTime"), str(found.get("sequencer", ""))),
    )


def _from_eventbridge(members: Mapping[str, object]) -> ArtifactUploaded:
    detail = _mapping(members.get("detail"), "detail")
    found = _mapping(detail.get("object"), "detail.object")
    return ArtifactUploaded(
        bucket=_text(_mapping(detail.get("bucket"), "detail.bucket"), "name"),
        key=_text(found, "key"),
        version=str(found.get("version-id") or found.get("etag") or ""),
        order=_order(_text(members, "time"), str(found.get("sequencer", ""))),
    )


def _order(time: str, sequencer: str) -> str:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as error:
        raise UnreadableMessage("the time of an upload cannot be read") from error
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{utc} {sequencer:0<{_SEQUENCER_LENGTH}}"


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

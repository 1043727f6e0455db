"""The events of the provision function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.custom_resource import CheckRequest, CustomResourceRequest, read_request
from relay.events.fields import Fields
from relay.events.s3 import CreatedObject, is_s3_event, read_s3_event

_STATE_CHANGE: Final = "SageMaker Endpoint State Change"
_SCHEDULED: Final = "Scheduled Event"
_LONGEST_NAMES: Final = 500


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """EventBridge reports a change of an endpoint. Best effort, several events for one change."""

    endpoint_name: str
    # As the API spells it: `InService`, also where the event says `IN_SERVICE`.
    status: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """The schedule: look whether an event was missed."""


@dataclass(frozen=True, slots=True)
class Describe:
    """A direct call that asks for the endpoint's state: `{"action": "describe"}`."""


@dataclass(frozen=True, slots=True)
class ArtifactsUploaded:
    """The uploads in one event of S3; none in its test event.

    `problems` are of the records that cannot be read. They quote at most the name of a bucket.
    """

    uploads: tuple[CreatedObject, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DirectCall:
    """`{"action": "deploy" | "rollback" | "delete", …}`, with all its members."""

    action: str
    members: Mapping[str, object]


WakeUp = (
    CustomResourceRequest
    | CheckRequest
    | EndpointChanged
    | Sweep
    | Describe
    | ArtifactsUploaded
    | DirectCall
)


class _Event(Fields):
    whole = "the event"


def read_event(event: object) -> WakeUp:
    """Read any event of the function.

    Raises:
        UnreadableMessage: it is none of these, or lacks a member. The message repeats no content
            of the event but names of buckets: it may hold secrets.
    """
    fields = _Event(event)
    if "RequestType" in fields:
        return read_request(fields)
    if is_s3_event(event):
        found = read_s3_event(event)
        return ArtifactsUploaded(found.objects, found.problems)
    kind, action = fields.optional_text("detail-type"), fields.optional_text("action")
    if kind == _STATE_CHANGE:
        detail = fields.object("detail")
        status = _api_spelling(detail.text("EndpointStatus"))
        return EndpointChanged(detail.text("EndpointName"), status)
    if kind == _SCHEDULED:
        return Sweep()
    if action == "describe":
        return Describe()
    if action in ("deploy", "rollback", "delete"):
        return DirectCall(action, fields.members)
    members = ", ".join(sorted(fields.members))[:_LONGEST_NAMES] or "none"
    raise UnreadableMessage(
        f"an event with the members {members} is neither a "
        f'custom resource request, nor "{_STATE_CHANGE}", nor "{_SCHEDULED}", nor an event of S3, '
        'nor a call with the action "describe", "deploy" or "rollback"'
    )


def _api_spelling(status: str) -> str:
    if not status.isupper():
        return status
    return "".join(word.capitalize() for word in status.split("_"))

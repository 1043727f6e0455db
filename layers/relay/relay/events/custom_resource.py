"""The requests that CloudFormation sends to a custom resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.fields import Fields
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType

# CloudFormation's own limits of ids, and more than a UUID or a presigned URL has.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
_LONGEST: Final = {
    "RequestId": 128,
    "ResponseURL": 8_192,
    "StackId": 1_024,
    "LogicalResourceId": 255,
    "PhysicalResourceId": 1_024,
}
# Recorded requests of 2022 and 2023 have it.
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
_SIGNED_AT: Final = re.compile(r"[?&]X-Amz-Date=(\d{8}T\d{6}Z)")


@dataclass(frozen=True, slots=True)
class CustomResourceRequest:
    """A request to create, update or delete an endpoint."""

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

    @property
    def signed_at(self) -> datetime | None:
        """When CloudFormation signed the URL; None for a URL without a time.

        Nothing else in a request says when CloudFormation sent it.
        """
        found = _SIGNED_AT.search(self.response_url)
        try:
            return found and datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None

    def sent_at(self, latest: datetime) -> datetime:
        """When CloudFormation sent it, at the latest."""
        return min(self.signed_at or latest, latest)

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


class Subject(Enum):
    """What a custom resource checks, by its type."""

    ROUTES = "Custom::Routes"
    LOCATIONS = "Custom::Locations"


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A request to check parameters of the deployment."""

    request: CustomResourceRequest
    subject: Subject


def read_request(event: Fields) -> CustomResourceRequest | CheckRequest:
    """Read a request. Raises UnreadableMessage, which repeats no content: it may hold secrets."""
    kinds = {kind.value: kind for kind in RequestType}
    kind = kinds.get(event.text("RequestType"))
    if kind is None:
        raise UnreadableMessage(f"RequestType must be one of {', '.join(kinds)}")
    is_update = kind is RequestType.UPDATE
    request = CustomResourceRequest(
        type=kind,
        request_id=_text(event, "RequestId"),
        response_url=_text(event, "ResponseURL"),
        stack_id=_text(event, "StackId"),
        logical_resource_id=_text(event, "LogicalResourceId"),
        physical_resource_id=(
            "" if kind is RequestType.CREATE else _text(event, "PhysicalResourceId")
        ),
        properties=event.object("ResourceProperties").members,
        old_properties=event.object("OldResourceProperties").members if is_update else {},
    )
    subjects = {subject.value: subject for subject in Subject}
    subject = subjects.get(event.optional_text("ResourceType") or "")
    return request if subject is None else CheckRequest(request, subject)


def _text(event: Fields, name: str) -> str:
    """Read what the record of the endpoint stores of a request, whose size is limited."""
    text, most = event.text(name), _LONGEST[name]
    if len(text) > most or not text.isascii():
        event.refuse(name, f"must have at most {most:,} characters of ASCII")
    return text

"""The custom resource: CloudFormation's request, the change that it asks for, our response."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Self

from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.rollouts import DECIDE_WITHIN, Properties, Recipe
from relay.provision.specification.specification import Generation

# A response that cannot be delivered is repeated until CloudFormation stops waiting.
DELIVER_WITHIN: Final = timedelta(minutes=60)

# The whole response may have 4,096 bytes. Ids and ARNs take less than half of them.
_LONGEST_REASON: Final = 2000


class RequestType(Enum):
    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request without a response so far. `response_url` is a secret: it is never logged."""

    type: RequestType
    request_id: str
    response_url: str
    stack_id: str
    logical_resource_id: str
    physical_resource_id: str
    since: datetime

    def decided_by(self) -> datetime:
        return self.since + DECIDE_WITHIN

    def delivered_by(self) -> datetime:
        return self.since + DELIVER_WITHIN


@dataclass(frozen=True, slots=True)
class StackChange:
    """What CloudFormation's pending Create or Update is about, until it begins.

    `creating`: the endpoint must not exist yet. `before` is what served under a former name.
    """

    properties: Properties
    old_properties: Properties
    creating: bool
    before: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """Goes to the request's `response_url`. Without a reason it is a success.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """

    request: PendingRequest
    physical_resource_id: str
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)

    @classmethod
    def in_service(
        cls, request: PendingRequest, endpoint: EndpointDescription, generation: Generation
    ) -> Self:
        """`!Ref` gives the endpoint's name, `!GetAtt` the members of the data.

        A name that differs from the one before makes CloudFormation delete the endpoint that had
        it.
        """
        data = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "ModelName": generation.model,
            "EndpointConfigName": generation.config,
            "Image": generation.image,
        }
        return cls(request, endpoint.name, data=data)

    @classmethod
    def adopted(cls, request: PendingRequest, endpoint: EndpointDescription) -> Self:
        """About an existing endpoint, whose models the relay does not know."""
        data = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "EndpointConfigName": endpoint.config,
        }
        return cls(request, endpoint.name, data=data)

    @classmethod
    def removed(cls, request: PendingRequest) -> Self:
        return cls(request, request.physical_resource_id)

    @classmethod
    def failed(cls, request: PendingRequest, reason: str) -> Self:
        """Keeps the id that CloudFormation knows, so that it has nothing to replace."""
        return cls(request, request.physical_resource_id, reason)

    def to_json(self) -> str:
        document: dict[str, object] = {
            "Status": "FAILED" if self.reason else "SUCCESS",
            "PhysicalResourceId": self.physical_resource_id,
            "StackId": self.request.stack_id,
            "RequestId": self.request.request_id,
            "LogicalResourceId": self.request.logical_resource_id,
        }
        if self.reason:
            document["Reason"] = _shortened(self.reason)
        if self.data:
            document["Data"] = self.data
        return json.dumps(document)


def _shortened(reason: str) -> str:
    """Within the limit as it is sent: JSON escapes can make six bytes of a character."""
    shorter = reason
    while len(json.dumps(shorter)) > _LONGEST_REASON:
        shorter = shorter[: len(shorter) * 9 // 10]
    return reason if shorter == reason else shorter + "…"

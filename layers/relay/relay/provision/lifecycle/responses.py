"""The one answer that CloudFormation waits for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
from dataclasses import dataclass, field
from typing import Final, Self

from relay.provision.endpoint import Endpoint
from relay.provision.lifecycle.record import Waiting
from relay.provision.specification.specification import Generation

# The whole answer may have 4,096 bytes. Ids and ARNs take less than half of them.
_LONGEST_REASON: Final = 1800


@dataclass(frozen=True, slots=True)
class Answer:
    """Goes to `Waiting.response_url`. Without a reason it is a success."""

    waiting: Waiting
    physical_resource_id: str
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)

    @classmethod
    def in_service(cls, waiting: Waiting, endpoint: Endpoint, generation: Generation) -> Self:
        """`!Ref` gives the endpoint's name, `!GetAtt` the members of the data.

        A name that differs from the one before tells CloudFormation to delete the endpoint that
        had it.
        """
        data = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "ModelName": generation.model,
            "EndpointConfigName": generation.config,
            "Image": generation.image,
        }
        return cls(waiting, endpoint.name, data=data)

    @classmethod
    def adopted(cls, waiting: Waiting, endpoint: Endpoint) -> Self:
        """About an endpoint that somebody else has made, of models that the relay does not know."""
        data = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "EndpointConfigName": endpoint.config,
        }
        return cls(waiting, endpoint.name, data=data)

    @classmethod
    def removed(cls, waiting: Waiting) -> Self:
        return cls(waiting, waiting.physical_resource_id)

    @classmethod
    def failed(cls, waiting: Waiting, reason: str) -> Self:
        """Keeps the id that CloudFormation knows, so that it has nothing to replace."""
        return cls(waiting, waiting.physical_resource_id, reason)

    def to_json(self) -> str:
        document: dict[str, object] = {
            "Status": "FAILED" if self.reason else "SUCCESS",
            "PhysicalResourceId": self.physical_resource_id,
            "StackId": self.waiting.stack_id,
            "RequestId": self.waiting.request_id,
            "LogicalResourceId": self.waiting.logical_resource_id,
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

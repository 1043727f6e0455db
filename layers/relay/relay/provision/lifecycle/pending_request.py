"""CloudFormation's request: who waits for an answer, until when, and what it asks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from relay.provision.lifecycle.rollouts import Properties, Recipe

# CloudFormation waits an hour at most (ServiceTimeout): the answer is decided, and then repeated
# if it cannot be delivered, within that hour.
DECIDE_WITHIN: Final = timedelta(minutes=52)
DELIVER_WITHIN: Final = timedelta(minutes=60)
# Rights that were granted a moment ago take a while to reach every part of AWS.
PROPAGATION: Final = timedelta(minutes=3)


class RequestType(Enum):
    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Waiting:
    """CloudFormation, waiting for one answer. `response_url` is a secret: it is never logged."""

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

    def patient_until(self) -> datetime:
        return self.since + PROPAGATION


@dataclass(frozen=True, slots=True)
class StackChange:
    """What CloudFormation's waiting Create or Update is about, until its turn comes.

    `creating`: the endpoint must not exist yet. `before` is what served under a former name.
    """

    properties: Properties
    old_properties: Properties
    creating: bool
    before: Recipe | None = None

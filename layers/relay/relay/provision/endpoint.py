"""What SageMaker says about an endpoint."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final


class EndpointStatus(Enum):
    """EndpointStatus of DescribeEndpoint, and ABSENT for an endpoint that does not exist."""

    ABSENT = "Absent"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    OUT_OF_SERVICE = "OutOfService"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    FAILED = "Failed"
    DELETING = "Deleting"

    @property
    def changing(self) -> bool:
        """Whether SageMaker is at work: it refuses updates and deletion until it has finished."""
        return self in CHANGING


CHANGING: Final = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """A response of DescribeEndpoint; everything but name and status is empty when it is absent."""

    name: str
    status: EndpointStatus
    arn: str = ""
    config: str = ""
    failure_reason: str = ""
    last_modified: datetime | None = None
    current_instances: int = 0
    desired_instances: int = 0

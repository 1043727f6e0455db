"""What an autoscaler sees of an endpoint: its work, and its capacity."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointLoad:
    """One endpoint now."""

    name: str
    status: str
    waiting: int
    """Requests in the queue."""
    in_process: int
    oldest_seconds: float | None
    """Age of the oldest request that waits; None when none does."""
    instances: int
    """Of all variants, in service now."""
    desired: Mapping[str, int]
    """Instances by variant."""

    @property
    def backlog(self) -> int:
        """ApproximateBacklogSize: queued and in process."""
        return self.waiting + self.in_process

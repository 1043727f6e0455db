"""What an autoscaler sees of an endpoint: its work, and its capacity."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VariantCapacity:
    """The instances of one production variant in force."""

    name: str
    current: int
    desired: int


@dataclass(frozen=True, slots=True)
class EndpointLoad:
    """One endpoint now."""

    name: str
    arn: str
    status: str
    waiting: int
    """Requests in the queue."""
    in_process: int
    oldest_seconds: float | None
    """Age of the oldest request that waits; None when none does."""
    variants: tuple[VariantCapacity, ...]

    @property
    def backlog(self) -> int:
        """ApproximateBacklogSize: queued and in process."""
        return self.waiting + self.in_process

    @property
    def instances(self) -> int:
        """Of all variants, in service now."""
        return sum(each.current for each in self.variants)

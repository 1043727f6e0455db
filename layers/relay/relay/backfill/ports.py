"""What a backfill needs from the world, beside `relay.ports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relay.backfill.record import Backfill, Control
from relay.errors import TransientError
from relay.ports import StoredObject


class Overtaken(TransientError):
    """Another invocation has written the record first."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Objects in the order of their keys. `last`: no object follows."""

    objects: Sequence[StoredObject]
    last: bool


class Listing(Protocol):
    """The buckets of objects."""

    def page(self, bucket: str, prefix: str, after: str, limit: int) -> ListedPage:
        """Return at most `limit` objects, up to 1,000, whose keys follow `after`.

        Raises:
            RelayError: the bucket cannot be listed.
        """
        ...


class SubmitBacklog(Protocol):
    """The submit queue, as far as its length goes."""

    def messages(self) -> int:
        """Return about how many messages it has: visible, in flight and delayed."""
        ...


class Schedule(Protocol):
    """The rule that invokes the function once a minute. Both can be repeated."""

    def enable(self) -> None: ...

    def disable(self) -> None: ...


class BackfillStore(Protocol):
    """The records of backfills. Every write has a condition on the version that was read."""

    def control(self) -> Control: ...

    def write_control(self, control: Control) -> Control:
        """Write it, and return it with its version. Raises Overtaken."""
        ...

    def load(self, name: str) -> Backfill | None:
        """Return a record; None for a name without one.

        Raises:
            NewerFormat: later code has written it.
        """
        ...

    def save(self, backfill: Backfill) -> Backfill:
        """Write a record, and return it with its version. Raises Overtaken."""
        ...

    def deployed_at(self) -> datetime:
        """Return the time at which the ledger was created, and with it the stack."""
        ...

"""The objects of a backfill: which it sends, and their requests."""

from dataclasses import dataclass
from datetime import datetime

from relay.ids import request_id_of_object, request_id_of_resubmission
from relay.inputs.inputs import Inputs
from relay.model import InferenceRequest
from relay.ports import StoredObject


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects of a bucket, by their keys, their times and their sizes.

    Keys begin with `prefix` and end with `suffix`. Objects were modified from `modified_from` to
    before `modified_to`; their sizes in bytes are from `min_bytes` to `max_bytes`, both included.
    """

    bucket: str
    prefix: str
    modified_to: datetime
    suffix: str = ""
    modified_from: datetime | None = None
    min_bytes: int = 0
    max_bytes: int | None = None

    def takes(self, found: StoredObject) -> bool:
        """Whether an object is selected. The marker of a folder never is, as with uploads."""
        return (
            self._takes_at_another_time(found)
            and found.modified_at < self.modified_to
            and (self.modified_from is None or found.modified_at >= self.modified_from)
        )

    def takes_but_for_age(self, found: StoredObject) -> bool:
        """Whether an object is left out only because it was modified at `modified_to` or later."""
        return self._takes_at_another_time(found) and found.modified_at >= self.modified_to

    def _takes_at_another_time(self, found: StoredObject) -> bool:
        key = found.location.key
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and not (found.size == 0 and key.endswith("/"))
            and found.size >= self.min_bytes
            and (self.max_bytes is None or found.size <= self.max_bytes)
        )

    def to_json(self) -> dict[str, object]:
        members = {
            "bucket": self.bucket,
            "prefix": self.prefix,
            "suffix": self.suffix or None,
            "modified_from": self.modified_from and self.modified_from.isoformat(),
            "modified_to": self.modified_to.isoformat(),
            "min_bytes": self.min_bytes or None,
            "max_bytes": self.max_bytes,
        }
        return {name: value for name, value in members.items() if value is not None}


def request_id_of(found: StoredObject, repetition: int) -> str:
    """Return the id of the request for an object as it was listed.

    Each repetition is the resubmission of the request before it, whoever resubmits that.
    """
    location = found.location
    request_id = request_id_of_object(location.bucket, location.key, found.etag, found.modified_at)
    for _ in range(repetition):
        request_id = request_id_of_resubmission(request_id)
    return request_id


def request_for(
    found: StoredObject, repetition: int, inputs: Inputs, now: datetime
) -> InferenceRequest:
    """Return the request for an object, with the defaults of its prefix.

    Submit applies no defaults to a message of the relay.
    """
    bare = InferenceRequest(
        request_id_of(found, repetition),
        found.location,
        etag=found.etag or None,
        size=found.size,
        requested_at=now,
        resubmission_of=request_id_of(found, repetition - 1) if repetition else None,
    )
    return inputs.with_defaults(bare)

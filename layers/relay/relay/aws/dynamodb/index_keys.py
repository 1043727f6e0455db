"""The keys of the ledger's index `due`: the hour of submission with a shard, and the due time."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from relay.delivery.isolation import unexpected
from relay.errors import UnexpectedError
from relay.model import Attempt, Due
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# All attempts of an hour would be claimed with the same key of the index, and one key takes 1,000
# writes a second.
SHARDS = "0123456789abcdef"

# From the submission to the time at which an attempt is overdue: the longest TTL, the longest
# timeout, and a slack of at most an hour.
LONGEST_LIFE = timedelta(hours=8)


def due_shard(attempt: Attempt) -> str:
    """Return the partition key of the index: the hour of submission, and one of 16 shards.

    An attempt with a longer slack is among the late ones, so that reconcile finds everything that
    is overdue in the last hours of submission and among the late ones.
    """
    late = attempt.due_at - attempt.submitted_at > LONGEST_LIFE
    shard = attempt.id[:1] if attempt.location is None else shard_of(attempt.location)
    return shard_key(None if late else attempt.submitted_at, shard)


def shard_of(location: S3Uri) -> str:
    """Return the shard of every attempt with this input, so that one shard is read to find them."""
    return hashlib.sha256(str(location).encode()).hexdigest()[:1]


def shard_key(hour: datetime | None, shard: str) -> str:
    """Return the key of a shard of an hour; None stands for the late attempts."""
    return f"late#{shard}" if hour is None else f"{hour.astimezone(UTC):%Y-%m-%dT%H}#{shard}"


def due_entry(attempt: Attempt) -> Due:
    """Return the entry of an attempt that was not postponed."""
    return Due.of(attempt.due_at, attempt.id)


def to_due(due: Due) -> str:
    """Return the sort key of an entry or a position. The order of the keys is that of `Due`."""
    return f"{due.at.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z#{due.id}"


def from_due(text: str) -> Due:
    """Read a sort key. Raises ValueError."""
    at, _, inference_id = text.partition("#")
    return Due(read_time(at), inference_id)


def read_entry(item: "Mapping[str, AttributeValueTypeDef]") -> Due | UnexpectedError:
    """The entry of an item of the index, or why it cannot be read."""
    try:
        return from_due(item["due"]["S"])
    except Exception as error:
        what = f"entry of {item['id']['S']} in the index of the ledger"
        return unexpected(error, f"{what} cannot be read")


def read_time(text: str) -> datetime:
    """Read a time that the ledger has. Raises ValueError."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its offset from UTC")
    time.astimezone(UTC)  # raises for a time before the year 1, or after the year 9999
    return time

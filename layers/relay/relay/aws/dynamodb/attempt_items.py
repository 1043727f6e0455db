"""Attempts as items of the ledger table, and back.

Attributes are what DynamoDB itself works with: the key, the state that conditions ask for, the
index, the time to live. The rest is JSON that only the relay reads: `request`, which never changes,
`claim`, which renewing replaces, and `held`. botocore takes some 4 µs for each attribute that it
reads, and Python's JSON not twice as long for all of them together.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from relay.delivery.isolation import unexpected
from relay.errors import UnexpectedError
from relay.model import Attempt, AttemptState, Due, Held, Outcome
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        UniversalAttributeValueTypeDef,
    )

# What an attempt is read from, and those of the names that are reserved words.
MEMBERS = "id, #state, #request, claim, held, routed_at, reason"
NAMES = {"#state": "state", "#request": "request"}

# The first hex digit of the id. All attempts of an hour are claimed with the same keys of the
# index, and one key takes 1,000 writes a second.
SHARDS = "0123456789abcdef"

# From the submission to the time at which an attempt is overdue: the longest TTL, the longest
# timeout, and a slack of at most an hour.
LONGEST_LIFE = timedelta(hours=8)

# Longer than the 23 days for which SNS may try to deliver a notification.
_RETENTION = timedelta(days=30)
# With a reason of this length a usual item stays within the 1,024 bytes of a write unit.
_LONGEST_REASON = 200


def due_shard(attempt: Attempt) -> str:
    """Return the partition key of the index: the hour of submission, and one of 16 shards.

    An attempt with a longer slack is among the late ones, so that reconcile finds everything that
    is overdue in the last hours of submission and among the late ones.
    """
    late = attempt.due_at - attempt.submitted_at > LONGEST_LIFE
    return shard_key(None if late else attempt.submitted_at, attempt.id[:1])


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
    return Due(_time(at), inference_id)


def read_entry(item: "Mapping[str, AttributeValueTypeDef]") -> Due | UnexpectedError:
    """The entry of an item of the index, or why it cannot be read."""
    try:
        return from_due(item["due"]["S"])
    except Exception as error:
        what = f"entry of {item['id']['S']} in the index of the ledger"
        return unexpected(error, f"{what} cannot be read")


def expires(attempt: Attempt) -> int:
    """When DynamoDB may delete the item, in seconds since 1970."""
    # By the relay's own clock: the time of submission of an untracked attempt comes from outside.
    return int((attempt.due_at + _RETENTION).timestamp())


def to_value(value: str | int) -> "UniversalAttributeValueTypeDef":
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def to_item(attempt: Attempt) -> "dict[str, UniversalAttributeValueTypeDef]":
    """The item of an attempt.

    Raises:
        ValueError: the attempt could not be written, or the item not be read back.
    """
    members = {
        "id": to_value(attempt.id),
        "state": to_value(attempt.state),
        "request": to_value(_to_request(attempt)),
        "claim": to_value(to_claim(attempt)),
        "expires": to_value(expires(attempt)),
    }
    # Reconcile looks for tracked attempts only, so no other is in the index.
    if attempt.tracked:
        members["due_shard"] = to_value(due_shard(attempt))
        members["due"] = to_value(to_due(due_entry(attempt)))
    if attempt.held is not None:
        members["held"] = to_value(to_held(attempt.held))
    if attempt.routed_at is not None:
        members["routed_at"] = to_value(attempt.routed_at.isoformat())
    if attempt.reason is not None:
        members["reason"] = to_value(attempt.reason)
    if to_attempt(cast("Mapping[str, AttributeValueTypeDef]", members)) != attempt:
        raise ValueError("the item would not be read back as it was")
    return members


def to_claim(attempt: Attempt) -> str:
    """The claimant of the attempt, the times of the claim, and the output location."""
    return _json(
        {
            "claimed_by": attempt.claimed_by,
            "submitted_at": attempt.submitted_at.isoformat(),
            "due_at": attempt.due_at.isoformat(),
            "output_location": attempt.output_location,
        }
    )


def to_held(held: Held) -> str:
    return _json({"outcome": held.outcome, "delivered": held.delivered, "missing": held.missing})


def to_reason(reason: str) -> str:
    """Return the part of a reason that the ledger keeps."""
    return reason[:_LONGEST_REASON]


def is_attempt_id(key: str) -> bool:
    """Whether a key can be an attempt's. Those of the other items in the table have a `#`.

    The roles have no permission for each other's items, and one key that a role may not read fails
    the look-up of all others in the call. `dynamodb:LeadingKeys` in template.yaml has this rule.
    """
    return "#" not in key


def read_item(item: "Mapping[str, AttributeValueTypeDef]") -> Attempt | UnexpectedError:
    """The attempt of an item, or why it cannot be read."""
    try:
        return to_attempt(item)
    except Exception as error:
        return unexpected(error, f"item {item['id']['S']} of the ledger cannot be read")


def to_attempt(item: "Mapping[str, AttributeValueTypeDef]") -> Attempt:
    """Read an item. Raises an exception for one that this codec does not write."""
    request: dict[str, Any] = json.loads(item["request"]["S"])
    claim: dict[str, Any] = json.loads(item["claim"]["S"])
    location = _optional_text(request.get("input_location"))
    if not request["request_id"]:
        raise ValueError("an attempt without a request id")
    return Attempt(
        id=item["id"]["S"],
        request_id=_text(request["request_id"]),
        number=_number(request["attempt"]),
        claimed_by=_text(claim["claimed_by"]),
        endpoint=_text(request["endpoint"]),
        submitted_at=_time(claim["submitted_at"]),
        due_at=_time(claim["due_at"]),
        state=AttemptState(item["state"]["S"]),
        location=None if location is None else S3Uri.parse(location),
        version_id=_optional_text(request.get("version_id")),
        etag=_optional_text(request.get("etag")),
        content_type=_optional_text(request.get("content_type")),
        accept=_optional_text(request.get("accept")),
        custom_attributes=_optional_text(request.get("custom_attributes")),
        ttl_seconds=_optional_number(request.get("ttl_seconds")),
        timeout_seconds=_optional_number(request.get("timeout_seconds")),
        requested_at=_optional_time(request.get("requested_at")),
        output_location=_optional_text(claim.get("output_location")),
        routed_at=_time(item["routed_at"]["S"]) if "routed_at" in item else None,
        reason=item["reason"]["S"] if "reason" in item else None,
        held=_held(item["held"]["S"]) if "held" in item else None,
        tracked=_flag(request["tracked"]),
    )


def _to_request(attempt: Attempt) -> str:
    return _json(
        {
            "request_id": attempt.request_id,
            "attempt": attempt.number,
            "tracked": attempt.tracked,
            "endpoint": attempt.endpoint,
            "input_location": None if attempt.location is None else str(attempt.location),
            "version_id": attempt.version_id,
            "etag": attempt.etag,
            "content_type": attempt.content_type,
            "accept": attempt.accept,
            "custom_attributes": attempt.custom_attributes,
            "ttl_seconds": attempt.ttl_seconds,
            "timeout_seconds": attempt.timeout_seconds,
            "requested_at": attempt.requested_at and attempt.requested_at.isoformat(),
        }
    )


def _json(members: Mapping[str, object]) -> str:
    """Compact JSON without None: DynamoDB bills an item by the kilobyte."""
    present = {name: value for name, value in members.items() if value is not None}
    text = json.dumps(present, ensure_ascii=False, separators=(",", ":"))
    # One unpaired surrogate, which has no encoding, would fail the statements of a whole batch.
    text.encode()
    return text


def _held(text: str) -> Held:
    held: dict[str, Any] = json.loads(text)
    return Held(Outcome(held["outcome"]), _texts(held["delivered"]), _texts(held["missing"]))


# JSON has types of its own: what has another one is refused where the item is read, and not where
# the attempt is used beside others.


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a member is not a string")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("a member is not a list")
    return tuple(map(_text, value))


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError("a member is not a whole number")
    return value


def _optional_number(value: object) -> int | None:
    return None if value is None else _number(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a member is not true or false")
    return value


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its offset from UTC")
    time.astimezone(UTC)  # raises for a time before the year 1, or after the year 9999
    return time


def _optional_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)

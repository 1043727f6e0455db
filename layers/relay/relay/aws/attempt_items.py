"""Attempts as items of the ledger table, and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from relay.model import Attempt, AttemptState, Held, Outcome
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        UniversalAttributeValueTypeDef,
    )

# The first hex digit of the id.
SHARDS = "0123456789abcdef"

# Longer than the 23 days for which SNS may try to deliver a notification.
_RETENTION = timedelta(days=30)


def due_minute(attempt: Attempt) -> str:
    """The index key: the UTC minute in which an attempt is overdue, and one of 16 shards.

    All attempts of a minute are claimed with the same key, and one key takes 1,000 writes a second.
    """
    return due_key(attempt.due_at, attempt.id[:1])


def due_key(minute: datetime, shard: str) -> str:
    """The key of one shard of a minute."""
    return f"{minute:%Y-%m-%dT%H:%M}#{shard}"


def expires(attempt: Attempt) -> int:
    """When DynamoDB may forget the attempt, in seconds since 1970."""
    # By the relay's own clock: when an untracked attempt was submitted, others told.
    return int((attempt.due_at + _RETENTION).timestamp())


def to_value(value: str | int) -> "UniversalAttributeValueTypeDef":
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def to_item(attempt: Attempt) -> "dict[str, UniversalAttributeValueTypeDef]":
    members: dict[str, str | int | None] = {
        "id": attempt.id,
        "request_id": attempt.request_id,
        "attempt": attempt.number,
        "state": attempt.state,
        "claimed_by": attempt.claimed_by,
        "endpoint": attempt.endpoint,
        "submitted_at": attempt.submitted_at.isoformat(),
        "due_at": attempt.due_at.isoformat(),
        # What nobody looks for when it is overdue is not in the index.
        "due_minute": due_minute(attempt) if attempt.tracked else None,
        "input_location": None if attempt.location is None else str(attempt.location),
        "version_id": attempt.version_id,
        "content_type": attempt.content_type,
        "accept": attempt.accept,
        "custom_attributes": attempt.custom_attributes,
        "ttl_seconds": attempt.ttl_seconds,
        "timeout_seconds": attempt.timeout_seconds,
        "requested_at": None if attempt.requested_at is None else attempt.requested_at.isoformat(),
        "output_location": attempt.output_location,
        "expires": expires(attempt),
    }
    item = {name: to_value(value) for name, value in members.items() if value is not None}
    return item if attempt.held is None else item | to_held(attempt.held)


def to_held(held: Held) -> "dict[str, UniversalAttributeValueTypeDef]":
    """The attributes of a held result; a list may be empty, which a set may not."""
    return {
        "held_as": {"S": held.outcome},
        "delivered": {"L": [{"S": route} for route in held.delivered]},
        "missing": {"L": [{"S": route} for route in held.missing]},
    }


def to_attempt(item: "Mapping[str, AttributeValueTypeDef]") -> Attempt:
    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(item[name]["S"]) if name in item else None

    def names(name: str) -> tuple[str, ...]:
        return tuple(each["S"] for each in item[name]["L"])

    held = None
    if "held_as" in item:
        outcome = Outcome(item["held_as"]["S"])
        held = Held(outcome, names("delivered"), names("missing"))
    location = text("input_location")
    return Attempt(
        id=item["id"]["S"],
        request_id=item["request_id"]["S"],
        number=int(item["attempt"]["N"]),
        claimed_by=item["claimed_by"]["S"],
        endpoint=item["endpoint"]["S"],
        submitted_at=datetime.fromisoformat(item["submitted_at"]["S"]),
        due_at=datetime.fromisoformat(item["due_at"]["S"]),
        state=AttemptState(item["state"]["S"]),
        location=None if location is None else S3Uri.parse(location),
        version_id=text("version_id"),
        content_type=text("content_type"),
        accept=text("accept"),
        custom_attributes=text("custom_attributes"),
        ttl_seconds=number("ttl_seconds"),
        timeout_seconds=number("timeout_seconds"),
        output_location=text("output_location") or None,
        requested_at=time("requested_at"),
        routed_at=time("routed_at"),
        held=held,
        tracked="due_minute" in item,
    )

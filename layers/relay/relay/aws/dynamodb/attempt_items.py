"""Attempts as items of the ledger table, and back.

Attributes are what DynamoDB itself works with: the key, the state that conditions ask for, the
index, the time to live. The rest is JSON that only the relay reads: `request`, which never changes,
`claim`, which renewing replaces, and `held`. botocore takes some 4 µs for each attribute that it
reads, and Python's JSON not twice as long for all of them together.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from relay.aws.dynamodb.index_keys import due_entry, due_shard, read_time, to_due
from relay.delivery.isolation import unexpected
from relay.errors import NewerFormat, NotUnderstood
from relay.formats import ATTEMPT
from relay.model import Attempt, AttemptState, Closing, Held, Outcome
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        UniversalAttributeValueTypeDef,
    )

# What an attempt is read from, and those of the names that are reserved words.
MEMBERS = "id, #state, #request, claim, held, routed_at, reason, delivered"
NAMES = {"#state": "state", "#request": "request"}

# Longer than the 23 days for which SNS may try to deliver a notification.
_RETENTION = timedelta(days=30)
# Bytes of a reason: the most, or fewer, and at least these, where the item then stays within the
# write unit that it has begun. A usual item leaves room for 115 to 200.
_LONGEST_REASON = 200
_SHORTEST_REASON = 100
_WRITE_UNIT = 1_024


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
    item = {name: to_value(value) for name, value in _to_members(attempt).items()}
    if to_attempt(cast("Mapping[str, AttributeValueTypeDef]", item)) != attempt:
        raise ValueError("the item would not be read back as it was")
    return item


def _to_members(attempt: Attempt) -> dict[str, str | int]:
    members: dict[str, str | int] = {
        "id": attempt.id,
        "state": attempt.state.value,
        "request": _to_request(attempt),
        "claim": to_claim(attempt),
        "expires": expires(attempt),
    }
    # Reconcile looks for tracked attempts only, so no other is in the index.
    if attempt.tracked:
        members["due_shard"] = due_shard(attempt)
        members["due"] = to_due(due_entry(attempt))
    if attempt.held is not None:
        members["held"] = to_held(attempt.held)
    if attempt.routed_at is not None:
        members["routed_at"] = attempt.routed_at.isoformat()
    if attempt.reason is not None:
        members["reason"] = attempt.reason
    if attempt.delivered:
        members["delivered"] = _to_text(attempt.delivered)
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


def to_end(closing: Closing) -> dict[str, str]:
    """Return the attributes that the end of an attempt writes."""
    end = {"state": closing.state.value, "routed_at": closing.routed_at.isoformat()}
    # Most attempts have no reason, and `closed` takes longer than all else here.
    if closing.reason and (reason := closed(closing).reason):
        end["reason"] = reason
    if closing.delivered:
        end["delivered"] = _to_text(closing.delivered)
    return end


def closed(closing: Closing) -> Attempt:
    """Return the attempt of a closing as the ledger keeps it, with the beginning of its reason."""
    ended = replace(
        closing.attempt,
        state=closing.state,
        routed_at=closing.routed_at,
        delivered=closing.delivered,
    )
    reason = (closing.reason or "").encode("utf-8", "surrogatepass")
    kept = reason[: _room(ended)].decode(errors="ignore") if reason else ""
    return replace(ended, reason=kept or None)


def _room(ended: Attempt) -> int:
    """Return how many bytes of its reason the item of an attempt takes."""
    room = -_bytes(_to_members(ended)) % _WRITE_UNIT - len("reason")
    return room if _SHORTEST_REASON <= room < _LONGEST_REASON else _LONGEST_REASON


def _bytes(members: Mapping[str, str | int]) -> int:
    """Return the size of an item: the names and the values. DynamoDB counts less for a number.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(f"{name}{value}".encode()) for name, value in members.items())


def is_attempt_id(key: str) -> bool:
    """Whether a key can be an attempt's. Those of the other items in the table have a `#`.

    The roles have no permission for each other's items, and one key that a role may not read fails
    the look-up of all others in the call. `dynamodb:LeadingKeys` in template.yaml has this rule.
    """
    return "#" not in key


def read_item(item: "Mapping[str, AttributeValueTypeDef]") -> Attempt | NotUnderstood:
    """The attempt of an item, or why it cannot be read."""
    try:
        return to_attempt(item)
    except NewerFormat as error:
        return NewerFormat(f"item {item['id']['S']} of the ledger: {error}")
    except Exception as error:
        return unexpected(error, f"item {item['id']['S']} of the ledger cannot be read")


def to_attempt(item: "Mapping[str, AttributeValueTypeDef]") -> Attempt:
    """Read an item. Raises an exception for one that this codec does not write."""
    request: dict[str, Any] = json.loads(item["request"]["S"])
    ATTEMPT.check(request.get("format"))
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
        submitted_at=read_time(claim["submitted_at"]),
        due_at=read_time(claim["due_at"]),
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
        routed_at=read_time(item["routed_at"]["S"]) if "routed_at" in item else None,
        reason=item["reason"]["S"] if "reason" in item else None,
        held=_held(item["held"]["S"]) if "held" in item else None,
        delivered=_texts(json.loads(item["delivered"]["S"])) if "delivered" in item else (),
        tracked=_flag(request["tracked"]),
        resubmission_of=_optional_text(request.get("resubmission_of")),
    )


def _to_request(attempt: Attempt) -> str:
    return _json(
        {
            "format": ATTEMPT.mark,
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
            "resubmission_of": attempt.resubmission_of,
        }
    )


def _json(members: Mapping[str, object]) -> str:
    """Members without None: DynamoDB bills an item by the kilobyte."""
    return _to_text({name: value for name, value in members.items() if value is not None})


def _to_text(value: object) -> str:
    """Compact JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
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


def _optional_time(text: str | None) -> datetime | None:
    return None if text is None else read_time(text)

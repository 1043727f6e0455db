"""Request and attempt ids: 32 hex digits, the same wherever and whenever they are computed.

32 characters fit every place an id goes: InferenceId (64), Filename (32) and SQS's
MessageDeduplicationId (128). Being deterministic, they make every step safe to repeat.
"""

import hashlib
import re

_ID = re.compile(r"[0-9a-f]{32}")


def _digest(*parts: str) -> str:
    # A NUL between the parts, which no key may hold, keeps ("ab", "c") apart from ("a", "bc").
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def request_id_of_upload(bucket: str, key: str, version: str, sequencer: str) -> str:
    """The id of one upload: S3 repeats an event with the same sequencer, a new upload has another.

    Args:
        bucket: name of the bucket.
        key: decoded key.
        version: version id, or "" in a bucket without versions.
        sequencer: the event's sequencer; the ETag where there is none.
    """
    return _digest("upload", bucket, key, version, sequencer)


def request_id_of_caller(own_id: str) -> str:
    """The id for a caller's own id. One that already has the form of a request id is kept."""
    return own_id if _ID.fullmatch(own_id) else _digest("caller", own_id)


def attempt_id(request_id: str, number: int) -> str:
    """The id of a request's attempt, counted from 1. The first one's is the request's own."""
    return request_id if number == 1 else _digest("attempt", request_id, str(number))


def deduplication_id(request_id: str, route: str) -> str:
    """What a FIFO target knows repeats by: one route sends a request's result once."""
    return _digest("delivery", request_id, route)

"""Request and attempt ids: 32 hex digits, computed from the request alone.

The same request always has the same ids, so every step is safe to repeat. 32 characters fit into
InferenceId (64), Filename (32) and SQS's MessageDeduplicationId (128).

Each id is hashed together with the name of where it comes from. So no caller, and no inference of
another caller of the endpoint, can have the id of an attempt of the relay, whatever its own id is.
"""

import hashlib
import re
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{32}")


def _digest(*parts: str) -> str:
    # The separator is a NUL, which no key can contain: ("ab", "c") differs from ("a", "bc").
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def request_id_of_upload(bucket: str, key: str, version: str, sequencer: str) -> str:
    """Return the id of one upload. S3 repeats an event with the same sequencer.

    Args:
        bucket: name of the bucket.
        key: key, URL-decoded.
        version: version id, or "" in a bucket without versioning.
        sequencer: the event's sequencer; the ETag where there is none.
    """
    return _digest("upload", bucket, key, version, sequencer)


def request_id_of_object(bucket: str, key: str, etag: str, modified_at: datetime) -> str:
    """Return the id of the request that a backfill makes for one version of an object.

    Another backfill of the same version makes the same request. It is not the request of the
    upload: S3 lists no sequencer, so that nothing lists what an upload's id is made of.

    Args:
        bucket: name of the bucket.
        key: key, as S3 stores it.
        etag: ETag without quotation marks.
        modified_at: the object's LastModified.
    """
    modified = modified_at.astimezone(UTC).isoformat()
    return _digest("object", bucket, key, etag, modified)


def request_id_of_caller(own_id: str) -> str:
    """Return the request id for a caller's own id, also if that looks like an id of the relay."""
    return _digest("caller", own_id)


def request_id_of_call(call_id: str, number: int) -> str:
    """Return the request id of a request without an own id, by its number in its call."""
    return _digest("call", call_id, str(number))


def request_id_of_resubmission(request_id: str) -> str:
    """Return the request id of the resubmission of a request. A request has at most one."""
    return _digest("resubmission", request_id)


def is_id(text: str) -> bool:
    """Whether the text has the form of a request or attempt id."""
    return _ID.fullmatch(text) is not None


def request_id_of_inference(inference_id: str, received_at: datetime | None) -> str:
    """Return the request id of an inference of another caller, from its notification.

    The caller may use an InferenceId again, and any id that a request to the relay has.

    Args:
        inference_id: the InferenceId.
        received_at: when SageMaker received the request; repeats of the notification have it too.
    """
    received = "" if received_at is None else received_at.isoformat()
    return _digest("inference", inference_id, received)


def attempt_id(request_id: str, number: int) -> str:
    """Return the id of an attempt. Attempts count from 1; the first has the id of its request."""
    return request_id if number == 1 else _digest("attempt", request_id, str(number))


def deduplication_id(request_id: str, route: str) -> str:
    """Return the id by which a FIFO target drops a repeated result of the same route."""
    return _digest("delivery", request_id, route)

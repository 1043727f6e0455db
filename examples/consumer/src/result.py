"""Types of a result, version 1: docs/reference/result.md explains each member.

A type checker knows from `outcome` whether `data` has an `output` or a `failure`. A test compares
the types with docs/reference/result.schema.json. Later results can have further members.
"""

from typing import Any, Literal, NotRequired, TypedDict


class Body(TypedDict):
    encoding: Literal["json", "text", "base64"]
    content: Any
    inexact_integers: NotRequired[list[str]]
    inexact_decimals: NotRequired[list[str]]


class BodyOmitted(TypedDict):
    reason: str  # "too_large"; later versions can add reasons
    size: int


class Output(TypedDict):
    location: str
    content_type: NotRequired[str]
    body: NotRequired[Body]
    body_omitted: NotRequired[BodyOmitted]


class Failure(TypedDict):
    reason: str
    classification: Literal["transient", "permanent"]
    location: NotRequired[str]
    body: NotRequired[Body]
    body_omitted: NotRequired[BodyOmitted]


class Input(TypedDict):
    location: NotRequired[str]
    version_id: NotRequired[str]
    etag: NotRequired[str]
    content_type: NotRequired[str]


class Timing(TypedDict):
    requested: NotRequired[str]
    submitted: NotRequired[str]
    received: NotRequired[str]
    finished: NotRequired[str]
    routed: str
    queued_ms: NotRequired[int]
    sagemaker_ms: NotRequired[int]
    total_ms: NotRequired[int]


class _Data(TypedDict):
    request_id: str
    inference_id: str
    endpoint: str
    tracked: bool
    attempts: int
    resubmission_of: NotRequired[str]
    input: Input
    timing: Timing
    custom_attributes: NotRequired[str]


class Completed(_Data):
    outcome: Literal["completed"]
    output: Output


class NotCompleted(_Data):
    outcome: Literal["failed", "rejected", "expired"]
    failure: Failure


class Result(TypedDict):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal[
        "relay.inference.completed",
        "relay.inference.failed",
        "relay.inference.rejected",
        "relay.inference.expired",
    ]
    subject: str
    time: str
    dataschema: Literal["urn:async-inference-relay:result:1"]
    datacontenttype: Literal["application/json"]
    data: Completed | NotCompleted

"""SageMaker's notifications in every variation that was seen or cannot be ruled out.

Whatever SageMaker makes of a notification, consumers get the same kind of result.
"""

import base64
from collections.abc import Mapping

from tests.support import samples
from tests.support.samples import BUCKET, CLIENT_ERROR, OUTPUTS, SERVER_ERROR, Json

ID = "c" * 32
_HOST = f"https://{BUCKET}.s3.us-east-1.amazonaws.com"
_PATH_STYLE = f"https://s3.us-east-1.amazonaws.com/{BUCKET}"
_INPUT = f"s3://{BUCKET}/inputs/a.csv"
_MESSAGE = "Check S3 path location(if configured) or Cloudwatch for additional details."
_BASE64 = base64.b64encode(b'{"score":0.81}').decode()


def _requested(**members: str) -> Json:
    return {"requestParameters": {"endpointName": "relay", **members}}


def _answered(location: str, **members: str) -> Json:
    return {"responseParameters": {"outputLocation": location, **members}}


def _included(**members: str | None) -> Json:
    return {"responseBody": {"message": _MESSAGE, **members}}


_COMPLETED: Mapping[str, Json] = {
    "as documented": _requested(
        accept="application/json", contentType="text/csv", inputLocation=_INPUT
    ),
    "a time with two fraction digits": {"eventTime": "2026-11-20T12:00:09.45Z"},
    "a time without fraction digits": {"eventTime": "2026-11-20T12:00:09Z"},
    "a time with nine fraction digits": {"receivedTime": "2026-11-20T12:00:02.123456789Z"},
    "hours in the queue": {"receivedTime": "2026-11-20T06:00:02.918Z"},
    "clocks that disagree": {"receivedTime": "2026-11-20T12:00:10Z"},
    "no received time": {"receivedTime": None},
    "no times at all": {"receivedTime": None, "eventTime": None},
    "no accept": _requested(contentType="text/csv", inputLocation=_INPUT),
    "no content type": _requested(accept="*/*", inputLocation=_INPUT),
    "endpoint and input alone": _requested(inputLocation=_INPUT),
    "an odd accept": _requested(accept="application/json;jpeg", inputLocation=_INPUT),
    "an endpoint spelled in capitals": {"requestParameters": {"endpointName": "RELAY"}},
    "custom attributes echoed": _requested(customAttributes="{}"),
    "no input location, as for an inline body": _requested(contentType="text/csv"),
    "an empty input location": _requested(inputLocation=""),
    "an output named by a UUID": _answered(f"{OUTPUTS}0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7.out"),
    "an output as an address": _answered(f"{_HOST}/outputs/0c6e5d2a.out"),
    "an output as an encoded address": _answered(f"{_HOST}/outputs/gr%C3%BCn%20a.out"),
    "an output as a path-style address": _answered(f"{_PATH_STYLE}/outputs/0c6e5d2a.out"),
    "an answer with a charset": _answered(
        f"{OUTPUTS}a.out", contentType="text/html; charset=utf-8"
    ),
    "an answer without content type": _answered(f"{OUTPUTS}a.out"),
    "the answer included": _included(content=_BASE64, encoding="BASE64"),
    "the answer included, not encoded": _included(content='{"score":0.81}'),
    "the answer included, falsely called base64": _included(content="0.81", encoding="BASE64"),
    "the answer too large to be included": _included(content=None, encoding="BASE64"),
    "the answer absent": {"responseBody": None},
}
_FAILED: Mapping[str, Json] = {
    "as seen": _requested(inputLocation=_INPUT),
    "a server error": {"failureReason": SERVER_ERROR},
    "a server error without answer": {
        "failureReason": SERVER_ERROR.replace("server error (500)", "server error (0)")
    },
    "no answer": {
        "failureReason": "Amazon SageMaker could not get a response from the relay endpoint. "
        "This can occur when CPU or memory utilization is high."
    },
    "no reason": {"failureReason": None},
    "an empty reason": {"failureReason": ""},
    "a failure location": {
        "responseParameters": {"failureLocation": f"s3://{BUCKET}/failures/7b41-error.out"}
    },
    "a failure location beside": {"failureLocation": f"s3://{BUCKET}/failures/7b41-error.out"},
    "a failure location as an address": {"failureLocation": f"{_HOST}/failures/7b41-error.out"},
    "the model's words included": _included(content="ValueError: 7 columns, not 30"),
    "the model's words included as base64": _included(content=_BASE64, encoding="BASE64"),
}

# Inputs with names that S3 allows; of these, the attempt's own input must be the same.
INPUTS: Mapping[str, str] = {
    "spaces and colons": "inputs/batch 7/order:17.csv",
    "no extension": "inputs/order-17",
    "letters beyond ASCII": "inputs/Lager Süd/größe \N{SNOWMAN}.csv",
}


def completed(inference_id: str = ID) -> dict[str, Json]:
    """Notifications of a success, by what is special about them."""
    return {
        name: samples.completed(inference_id, **changes) for name, changes in _COMPLETED.items()
    }


def failed(inference_id: str = ID) -> dict[str, Json]:
    """Notifications of a failure that is not tried again unless its reason says so."""
    return {
        name: samples.failed(inference_id, **{"failureReason": CLIENT_ERROR, **changes})
        for name, changes in _FAILED.items()
    }


def every(inference_id: str = ID) -> dict[str, Json]:
    """All of them."""
    named = {
        f"completed, {name}": notification for name, notification in completed(inference_id).items()
    }
    named |= {f"failed, {name}": value for name, value in failed(inference_id).items()}
    return named | {
        f"completed, an input with {name}": samples.completed(
            inference_id, **_requested(inputLocation=f"s3://{BUCKET}/{key}")
        )
        for name, key in INPUTS.items()
    }

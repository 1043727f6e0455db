"""Events as Lambda hands them over, of any number of records, and what the ledger knows of them."""

import copy
import hashlib
import json
from functools import cache
from typing import Any

from local.stack.settings import REPOSITORY
from tests.template.template import resolve, resource, source

_MEGABYTE = 1_000_000
_INLINE_BYTES = 125_000

_EVENTS = REPOSITORY / "events"


def environment(function: str) -> dict[str, str]:
    """The variables that the template gives to a function."""
    common = source()["Globals"]["Function"]["Environment"]["Variables"]
    own = resource(f"{function.capitalize()}Function").properties["Environment"]["Variables"]
    return {name: resolve(value) for name, value in {**common, **own}.items()}


INPUTS = f"s3://{environment('submit')['INPUT_BUCKET']}/inputs/"
OUTPUTS = environment("submit")["OUTPUT_PATH"]
ENDPOINT = environment("submit")["ENDPOINT_NAME"]


def request_id(number: int) -> str:
    return f"{number:032x}"


def submit_event(records: int) -> dict[str, Any]:
    """Uploads as S3 sends them to the queue, one a message."""
    return _batch("submit/s3-via-sqs.json", records, _upload)


def route_event(records: int, answer_bytes: int = 0) -> dict[str, Any]:
    """Completed notifications, each in an SNS envelope, with the model's answer if asked for."""
    return _batch(
        "route/completed-via-sqs.json",
        records,
        lambda body, number: _notification(body, number, answer_bytes),
    )


def large_event(function: str, messages: int) -> dict[str, Any]:
    """Messages of about 1 MB: calls with inline bodies, or notifications with an answer."""
    if function == "route":
        return route_event(messages, answer_bytes=_MEGABYTE)
    event = submit_event(messages)
    for number, record in enumerate(event["Records"]):
        bodies = [
            {"body": "7" * _INLINE_BYTES, "request_id": f"{number}-{part}"}
            for part in range(_MEGABYTE // _INLINE_BYTES)
        ]
        record["body"] = json.dumps({"requests": bodies})
    return event


def idle_event(function: str) -> dict[str, Any]:
    """One that initialises a function and asks nothing of AWS."""
    name = {
        "submit": "submit/test-event-via-sqs.json",
        "route": "route/test-notification-via-sqs.json",
    }[function]
    event: dict[str, Any] = json.loads((_EVENTS / name).read_text())
    return event


def item(inference_id: str) -> dict[str, Any]:
    """An open attempt as the relay's ledger holds it."""
    request = {
        "request_id": inference_id,
        "attempt": 1,
        "tracked": True,
        "endpoint": ENDPOINT,
        "input_location": _input(inference_id),
        "content_type": "text/csv",
        "ttl_seconds": 21_600,
        "timeout_seconds": 900,
        "requested_at": "2026-11-20T09:01:46.512000+00:00",
    }
    claim = {
        "claimed_by": "2a4abf0b-c32d-41c6-b8fc-1b9f9c323459",
        "submitted_at": "2026-11-20T09:01:47.183000+00:00",
        "due_at": "2026-11-20T15:26:47.183000+00:00",
        "output_location": f"{OUTPUTS}{inference_id}.out",
    }
    return {
        "id": {"S": inference_id},
        "state": {"S": "OPEN"},
        "request": {"S": json.dumps(request, separators=(",", ":"))},
        "claim": {"S": json.dumps(claim, separators=(",", ":"))},
        "expires": {"N": "1797780407"},
        "due_shard": {"S": f"2026-11-20T09#{_shard(inference_id)}"},
        "due": {"S": f"2026-11-20T15:26:47.183Z#{inference_id}"},
    }


def job(inference_id: str) -> dict[str, Any]:
    """The item that *usual* writes of a submitted request."""
    return {
        "id": {"S": inference_id},
        "input": {"S": _input(inference_id)},
        "output": {"S": f"{OUTPUTS}{inference_id}.out"},
        "status": {"S": "SUBMITTED"},
        "submitted_at": {"S": "2026-11-20T09:01:47.183000+00:00"},
    }


def _shard(inference_id: str) -> str:
    return hashlib.sha256(_input(inference_id).encode()).hexdigest()[0]


def _input(inference_id: str) -> str:
    return f"{INPUTS}orders/order-{int(inference_id, 16)}.csv"


@cache
def routes_document() -> str:
    """The routes that the template deploys when none are given."""
    value = source()["Resources"]["RoutesParameter"]["Properties"]["Value"]
    _, _, default = value["Fn::If"]
    return resolve(default)


def _batch(name: str, records: int, change: Any) -> dict[str, Any]:
    (pattern,) = json.loads((_EVENTS / name).read_text())["Records"]
    made = []
    for number in range(records):
        record = copy.deepcopy(pattern)
        record["messageId"] = f"00000000-0000-4000-8000-{number:012x}"
        record["body"] = json.dumps(change(json.loads(record["body"]), number))
        made.append(record)
    return {"Records": made}


def _upload(body: dict[str, Any], number: int) -> dict[str, Any]:
    s3 = body["Records"][0]["s3"]
    s3["bucket"]["name"] = INPUTS.split("/")[2]
    s3["object"]["key"] = f"inputs/orders/order-{number}.csv"
    s3["object"]["sequencer"] = f"{number:018X}"
    return body


def _notification(body: dict[str, Any], number: int, answer_bytes: int) -> dict[str, Any]:
    message = json.loads(body["Message"])
    message["inferenceId"] = request_id(number)
    message["requestParameters"]["endpointName"] = ENDPOINT
    message["requestParameters"]["inputLocation"] = f"{INPUTS}orders/order-{number}.csv"
    message["responseParameters"]["outputLocation"] = f"{OUTPUTS}{request_id(number)}.out"
    if answer_bytes:
        message["responseBody"] = {"content": "7" * answer_bytes, "encoding": "UTF8"}
    body["TopicArn"] = environment("route")["SUCCESS_TOPIC_ARN"]
    body["Message"] = json.dumps(message)
    return body

"""A result of every kind that route makes, as a consumer gets it."""

import json
from collections.abc import Callable
from functools import partial

from relay.events.sagemaker import own_notification
from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.routes.target import Addressed, Target, TargetKind

from tests.support import samples
from tests.support.pipeline.notifying import documents, notify
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.results import variations
from tests.support.results.variations import ID
from tests.support.samples import BUCKET, FAILURES, NOON, NOTIFICATION_QUEUE, OUTPUTS, Json

VARIATIONS = variations.every()
OWN = {
    "rejected": (Outcome.REJECTED, None),
    "expired": (Outcome.EXPIRED, None),
    "recovered": (Outcome.COMPLETED, f"{OUTPUTS}{ID}.out"),
    "recovered failure": (Outcome.FAILED, f"{FAILURES}{ID}-error.out"),
}


def routed(notification: object, attempt: Attempt | None = None) -> Json:
    """The result of a notification, or of the relay's own, as a consumer gets it."""
    pipeline = FakePipeline(route={"MAX_ATTEMPTS": "1"})
    if attempt is not None:
        pipeline.ledger.items[attempt.id] = attempt
    if isinstance(notification, str):
        pipeline.queues.put(NOTIFICATION_QUEUE, notification)
    else:
        notify(pipeline, notification)
    report = pipeline.deliver_to_route()
    assert report.returned == {}, report.notes
    (document,) = documents(pipeline)
    return document


def of_tracked(name: str) -> Json:
    notification = VARIATIONS[name]
    key = next((key for what, key in variations.INPUTS.items() if name.endswith(what)), None)
    # As submit writes it, where SageMaker chooses the name.
    output = notification.get("responseParameters", {}).get("outputLocation")
    known: Json = {"output_location": output} if output else {}
    if key is not None:
        known["location"] = samples.INPUTS.parse(f"s3://{BUCKET}/{key}")
    return routed(notification, samples.attempt(ID, **known))


def of_relay(name: str) -> Json:
    outcome, location = OWN[name]
    return routed(own_notification(ID, outcome, "relay", "a reason", location), samples.attempt(ID))


def too_large_for_a_topic(outcome: Outcome) -> Json:
    target = Target("arn:aws:sns:us-east-1:000000000000:all", TargetKind.TOPIC)
    notification = Notification(
        ID, outcome, "relay", output_location=f"{OUTPUTS}{ID}", response_body=b"x" * 300_000
    )
    result = Result(ID, notification, None, samples.route_settings().endpoint_arn, NOON)
    content: Json = json.loads(result.to_message(Addressed("all", target, ID)).body)
    return content


def with_long_numbers(outcome: Outcome) -> Json:
    notification = Notification(
        ID,
        outcome,
        "relay",
        output_location=f"{OUTPUTS}{ID}",
        output_content_type="application/json",
        response_body=b'{"id": 9007199254740993, "p": 0.12345678901234567}',
    )
    arn = samples.route_settings().endpoint_arn
    result = Result(ID, notification, None, arn, NOON)
    content: Json = json.loads(json.dumps(result.document()))
    return content


def of_resubmission() -> Json:
    return routed(samples.completed(ID), samples.attempt(ID, resubmission_of="c" * 32))


CASES: dict[str, Callable[[], Json]] = {
    **{f"{name}, of others": partial(routed, VARIATIONS[name]) for name in VARIATIONS},
    **{f"{name}, tracked": partial(of_tracked, name) for name in VARIATIONS},
    **{f"{name} by the relay": partial(of_relay, name) for name in OWN},
    "of a resubmission": of_resubmission,
    "too large for a topic": partial(too_large_for_a_topic, Outcome.COMPLETED),
    "too large a failure for a topic": partial(too_large_for_a_topic, Outcome.FAILED),
    "long numbers": partial(with_long_numbers, Outcome.COMPLETED),
    "long numbers in a failure": partial(with_long_numbers, Outcome.FAILED),
}

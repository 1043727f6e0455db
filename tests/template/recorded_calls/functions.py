"""What submit, route and reconcile call, with the environment that the template gives them, and
provision for the check of locations.

Each function here makes the calls of one case; together they make every call that there is.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from relay import bootstrap
from relay.aws.buckets import S3Buckets
from relay.aws.clients import Clients
from relay.aws.clock import SystemClock
from relay.aws.dynamodb.attempt_items import to_held, to_item, to_value
from relay.backfill.calls import Tick, read_call
from relay.budget import Budget
from relay.events.custom_resource import CheckRequest
from relay.events.endpoint_events import read_event
from relay.events.envelopes import read_notifications, read_submissions
from relay.model import Attempt, AttemptState, Held, Outcome
from relay.provision.locations_check import check
from relay.reconcile.calls import StatusQuestion
from relay.reconcile.listing import ListQuery
from relay.reconcile.status_of_input import InputQuestion
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import Json, sns_envelope, sqs_event
from tests.template.recorded_calls.checks import ACCOUNT
from tests.template.recorded_calls.sdk import SdkCall, Services, answered

Environment = Mapping[str, str]

_THROTTLED = {"InvokeEndpointAsync": ("ThrottlingException", "Rate exceeded")}
_REFUSED = {"InvokeEndpointAsync": ("ValidationException", "the content type is not valid")}
_DOWN = {"SendMessageBatch": ("QueueDoesNotExist", "The specified queue does not exist.")}
_KEY = "inputs/a.csv"
_UNREADABLE = "not JSON"
_NO_ROUTES = "{}"


def submit(environment: Environment) -> Iterator[SdkCall]:
    """Calls of submit: a new upload, the same one again, and those that do not succeed."""
    again = Services()
    for services, event in (
        (again, sqs_event(_upload(environment))),
        (again, sqs_event(_upload(environment))),
        (Services(refusals=_THROTTLED), sqs_event(_upload(environment))),
        (Services(refusals=_THROTTLED), _direct_call(environment)),
        (Services(refusals=_REFUSED), sqs_event(_upload(environment))),
        (Services(), sqs_event(_UNREADABLE)),
    ):
        _submit(services, environment, event)
        yield from services.calls
        services.calls.clear()


def route(environment: Environment, routes: str, further: str) -> Iterator[SdkCall]:
    """Calls of route, with the template's routes and with further targets."""
    success, error = environment["SUCCESS_TOPIC_ARN"], environment["ERROR_TOPIC_ARN"]
    for documents, refusals, topic, make in (
        ([routes], {}, success, _completed),
        ([routes], {}, error, _failed),
        ([routes], {}, error, _failed_for_a_moment),
        ([further], {}, success, _completed),
        ([further], _DOWN, success, _completed),
        ([routes, _NO_ROUTES], {}, success, _completed),
    ):
        services = Services(parameters=documents, refusals=refusals)
        attempt = _attempt(environment)
        services.items[attempt.id] = dict(to_item(attempt))
        _route(services, environment, sns_envelope(make(environment, attempt.id), topic))
        yield from services.calls
    untracked = Services(parameters=[routes])
    _route(untracked, environment, sns_envelope(_completed(environment, "theirs"), success))
    unreadable = Services()
    _route(unreadable, environment, _UNREADABLE)
    yield from (*untracked.calls, *unreadable.calls)


def reconcile(environment: Environment) -> Iterator[SdkCall]:
    """Calls of reconcile: overdue attempts, one of them held, a list, and the status of an
    attempt and of an input."""
    services = Services()
    silent = _attempt(environment)
    held = _attempt(environment, "b" * 32)
    services.items = {each.id: dict(to_item(each)) for each in (silent, held)}
    services.items[held.id]["held"] = to_value(to_held(Held(Outcome.COMPLETED, missing=("x",))))
    budget = _budget()
    with answered(services):
        use_case, questions = bootstrap.reconcile(budget, environment)
        use_case()
        questions(StatusQuestion(silent.request_id))
        questions(ListQuery())
        assert silent.location is not None
        questions(InputQuestion(silent.location))
    yield from services.calls


def backfill(environment: Environment) -> Iterator[SdkCall]:
    """Calls of backfill: of one object of each bucket, from its start to its final event."""
    further = environment["BACKFILL_BUCKET_ARNS"].replace("arn:aws:s3:::", "").split(",")
    for bucket in (environment["INPUT_BUCKET"], *further):
        services, budget = Services(objects={bucket: [_KEY]}), _budget()
        with answered(services):
            use_case, operations = bootstrap.backfill(budget, environment)
            start = {"action": "start", "name": "a", "bucket": bucket}
            call = read_call(start, operations.settings.inputs)
            assert not isinstance(call, Tick)
            operations(call)
            use_case()
            for key in services.sent_requests():
                services.items[key] = dict(to_item(_completed_attempt(key)))
            assert use_case().failure is None
        yield from services.calls


def check_locations(locations: Json) -> Iterator[SdkCall]:
    """Calls of provision for `Custom::Locations` with these properties."""
    services, event = Services(), samples.event("provision/locations")
    request = read_event({**event, "ResourceProperties": locations})
    assert isinstance(request, CheckRequest)
    now = SystemClock().now()
    with answered(services):
        clients = Clients()
        found = check(request.request, S3Buckets(lambda: clients.s3, ACCOUNT), clients.region, now)
    assert found.reason == ""
    yield from services.calls


def _submit(services: Services, environment: Environment, event: Json) -> None:
    with answered(services):
        bootstrap.submit(_budget(), environment)(read_submissions(event, "invocation-1"))


def _route(services: Services, environment: Environment, message: Json | str) -> None:
    with answered(services):
        use_case = bootstrap.route(_budget(), environment)
        use_case(read_notifications(sqs_event(message), "invocation-1"))


def _budget() -> Budget:
    clock = SystemClock()
    budget = Budget(clock)
    budget.begin(clock.now() + timedelta(seconds=42))
    return budget


def _bucket(environment: Environment) -> str:
    return environment["OUTPUT_PATH"].split("/")[2]


def _upload(environment: Environment) -> Json:
    return samples.upload(_KEY, bucket=_bucket(environment))


def _direct_call(environment: Environment) -> Json:
    return {"request_id": "order-17", "input_location": f"s3://{_bucket(environment)}/{_KEY}"}


def _attempt(environment: Environment, inference_id: str = "a" * 32) -> Attempt:
    """An attempt that is overdue by now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return samples.attempt(
        inference_id,
        submitted_at=now - timedelta(hours=2),
        due_at=now - timedelta(hours=1),
        location=S3Uri(_bucket(environment), _KEY),
        output_location=f"{environment['OUTPUT_PATH']}{inference_id}.out",
    )


def _completed_attempt(inference_id: str) -> Attempt:
    return samples.attempt(inference_id, state=AttemptState.COMPLETED)


def _completed(environment: Environment, inference_id: str) -> Json:
    output = f"{environment['OUTPUT_PATH']}{inference_id}.out"
    return samples.completed(inference_id, responseParameters={"outputLocation": output})


def _failed(environment: Environment, inference_id: str) -> Json:
    return samples.failed(inference_id)


def _failed_for_a_moment(environment: Environment, inference_id: str) -> Json:
    return samples.failed(inference_id, samples.SERVER_ERROR)

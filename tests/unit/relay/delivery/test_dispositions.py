"""Each job and each notification gets exactly one disposition, whatever fails."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from relay.delivery.dispositions import (
    Broken,
    Disposition,
    Duplicate,
    NotRouted,
    NotSent,
    Queued,
    Rejected,
    Retried,
    Routed,
    Submitted,
    TryAgain,
)
from relay.delivery.report import Report
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)
from relay.events.envelopes import read_notifications, read_submissions
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import Json

ERRORS = (
    AccessDenied,
    EndpointNotReady,
    PermanentError,
    TransientError,
    Unanswered,
    ZeroDivisionError,  # a bug, which may stop a call for several records in its middle
)
REQUESTS = st.fixed_dictionaries(
    {
        "request_id": st.sampled_from("abcd"),
        "body": st.just("1"),
        "attempt": st.sampled_from([1, 2]),
        "ttl_seconds": st.sampled_from([60, 60, 1]),  # one second is refused
    }
)
CALLS = REQUESTS | st.lists(REQUESTS, min_size=1, max_size=3).map(lambda some: {"requests": some})
TEST_EVENT: Json = {"Service": "Amazon S3", "Event": "s3:TestEvent"}
UPLOADS = st.sampled_from("abcd").map(lambda name: samples.upload(f"inputs/{name}.csv"))
SUBMISSIONS = st.lists(CALLS | UPLOADS | st.sampled_from([TEST_EVENT, "not JSON"]), min_size=1)

IDS = st.sampled_from([letter * 32 for letter in "abcd"])
FOREIGN = samples.completed("a" * 32, requestParameters={"endpointName": "other"})
NOTIFICATIONS = st.lists(
    IDS.map(samples.completed)
    | st.builds(samples.failed, IDS, st.sampled_from([samples.SERVER_ERROR, None]))
    | st.sampled_from([FOREIGN, "not JSON"]),
    min_size=1,
)


def faults(*steps: str) -> st.SearchStrategy[list[tuple[str, int, type[Exception], bool]]]:
    """Steps, which of them from now on, the error, and whether the step has its effect."""
    fault = st.tuples(
        st.sampled_from(steps), st.integers(1, 3), st.sampled_from(ERRORS), st.booleans()
    )
    return st.lists(fault, max_size=8)


def plan(pipeline: FakePipeline, planned: Sequence[tuple[str, int, type[Exception], bool]]) -> None:
    for step, nth, error, after in planned:
        pipeline.faults.plan(step, error(f"{step}: no"), nth=nth, after=after)


def about(disposition: Disposition) -> tuple[str, str | None]:
    """The message id, and the inference id where the disposition is about one."""
    match disposition:
        case Submitted(job) | Rejected(job) | TryAgain(job) | Queued(job):
            return job.delivery.message_id, job.attempt.id
        case Duplicate(delivery, inference_id) | Broken(delivery, _, inference_id):
            return delivery.message_id, inference_id
        case Routed() | Retried() | NotRouted() | NotSent():
            return disposition.delivery.message_id, disposition.notification.inference_id
        case _:
            return disposition.delivery.message_id, None


@given(
    batches=st.lists(SUBMISSIONS, min_size=1, max_size=3),
    calls=st.lists(CALLS, max_size=2),
    planned=faults(
        "endpoint.invoke",
        "ledger.claim",
        "ledger.close",
        "ledger.look_up",
        "ledger.release",
        "ledger.renew",
        "queues.send",
    ),
    ended=st.booleans(),
    seconds=st.sampled_from([42, 42, 0]),
)
def test_each_job_gets_exactly_one(
    batches: list[list[object]],
    calls: list[Json],
    planned: list[tuple[str, int, type[Exception], bool]],
    ended: bool,
    seconds: int,
) -> None:
    pipeline = FakePipeline()
    plan(pipeline, planned)
    if ended:  # so that a second attempt comes too late
        for request_id in map(request_id_of_caller, "abcd"):
            attempt = samples.attempt(request_id, state=AttemptState.COMPLETED)
            pipeline.ledger.items[request_id] = attempt

    # Twice, since what the first invocation leaves is what the second finds.
    for event in 2 * [*(samples.sqs_event(*batch) for batch in batches), *calls]:
        incoming = read_submissions(event, "invocation-1")
        pipeline.begin(seconds)
        dispositions = pipeline.submit.dispose(incoming, Report())

        jobs = Counter(
            (item.delivery.message_id, attempt_id(request.id, request.attempt))
            for item in incoming
            for request in item.contents
        )
        without = Counter(
            (item.delivery.message_id, None) for item in incoming if item.ignored or item.problem
        )
        assert Counter(map(about, dispositions)) == jobs + without


@given(
    batches=st.lists(NOTIFICATIONS, min_size=1, max_size=3),
    known=st.sets(IDS),
    planned=faults("ledger.close", "ledger.hold", "ledger.look_up", "queues.send"),
    routes=st.sampled_from([None, TransientError("no")]),
    seconds=st.sampled_from([42, 42, 0]),
)
def test_each_notification_gets_exactly_one(
    batches: list[list[object]],
    known: set[str],
    planned: list[tuple[str, int, type[Exception], bool]],
    routes: RelayError | None,
    seconds: int,
) -> None:
    pipeline = FakePipeline()
    pipeline.ledger.items.update({each: samples.attempt(each) for each in known})
    pipeline.routes.trouble = routes
    plan(pipeline, planned)

    for batch in 2 * batches:
        incoming = read_notifications(samples.sqs_event(*batch), "invocation-1")
        pipeline.begin(seconds)
        dispositions = pipeline.route.dispose(incoming, Report())

        assert Counter(message_id for message_id, _ in map(about, dispositions)) == Counter(
            item.delivery.message_id for item in incoming
        )

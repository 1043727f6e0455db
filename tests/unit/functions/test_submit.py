"""The submit function's handler, on every event that it may get."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from relay.delivery.responses import Incomplete
from relay.errors import TransientError
from relay.submit.submit import Submit

from tests.support import samples
from tests.support.pipeline.invocations import Counts, LambdaContext
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import SUBMIT_DEAD_LETTERS, SUBMIT_QUEUE, Json

Handler = Callable[[object, LambdaContext], Json]

EVENTS = sorted(path.stem for path in (samples.EVENTS / "submit").glob("*.json"))
OUTCOMES = samples.outcomes("submit")
THROTTLED = TransientError("invoke endpoint relay: ThrottlingException")


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def handler(
    submit_module: ModuleType, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> Handler:
    monkeypatch.setattr(submit_module, "submit", pipeline.submit)
    monkeypatch.setattr(submit_module, "clock", pipeline.clock)
    monkeypatch.setattr(submit_module, "budget", pipeline.budget)
    handle: Handler = submit_module.handler
    return handle


def test_every_event_has_its_outcome_written_down() -> None:
    assert sorted(OUTCOMES) == EVENTS


def test_the_module_builds_its_use_case_from_the_environment(submit_module: ModuleType) -> None:
    assert isinstance(submit_module.submit, Submit)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_has_the_outcome_that_is_written_down(
    name: str, handler: Handler, context: LambdaContext, counts: Counts
) -> None:
    event = samples.event(f"submit/{name}")

    answer = handler(event, context)

    assert counts() == OUTCOMES[name]
    if name.startswith(("direct", "eventbridge-object", "s3-direct")) or name == "s3-via-sns":
        assert all(request["status"] == "submitted" for request in answer["requests"])
    else:
        failures = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        ids = [record["messageId"] for record in event["Records"]]
        assert failures == (ids if "Returned" in OUTCOMES[name] else [])


@pytest.mark.parametrize("name", [name for name in EVENTS if "via-sqs" in name])
def test_an_event_that_cannot_be_worked_on_comes_back_message_by_message(
    name: str, handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    """Everything that needs AWS fails, and nothing is acknowledged that was not done."""
    event = samples.event(f"submit/{name}")
    ids = [record["messageId"] for record in event["Records"]]
    pipeline.endpoint.trouble = THROTTLED
    _refuse_every_message(pipeline)

    answer = handler(event, context)

    failures = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    done = set(OUTCOMES[name]) & {"Ignored", "Duplicate"}
    assert len(failures) == len(ids) - sum(OUTCOMES[name][count] for count in done)
    assert set(failures) <= set(ids)


def _refuse_every_message(pipeline: FakePipeline) -> None:
    for nth in range(1, 20):
        pipeline.faults.plan("queues.send", TransientError("send: no"), nth=nth)


def test_a_second_run_of_the_same_direct_calls_submits_nothing(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    handler(samples.event("submit/direct-list"), context)
    again = LambdaContext()
    again.aws_request_id = "another invocation"

    answer = handler(samples.event("submit/direct-list"), again)

    assert [request["status"] for request in answer["requests"]] == ["duplicate", "duplicate"]
    assert len(pipeline.endpoint.invocations) == 2


def test_only_the_messages_that_must_come_again_are_failures(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    pipeline.faults.plan("endpoint.invoke", THROTTLED, nth=2)
    event = samples.sqs_event(
        samples.upload("inputs/a.csv"), samples.upload("inputs/b.csv"), "not JSON"
    )

    answer = handler(event, context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert len(pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)) == 1


def test_a_direct_call_is_answered_for_each_request(
    handler: Handler, context: LambdaContext
) -> None:
    answer = handler({"requests": [{"body": "1", "request_id": "a"}, {"request_id": "b"}]}, context)

    assert [request["status"] for request in answer["requests"]] == ["submitted", "rejected"]
    assert answer["counts"] == {"Submitted": 1, "Refused": 1}
    json.dumps(answer)


def test_a_direct_call_that_must_wait_is_queued(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    pipeline.endpoint.trouble = THROTTLED

    answer = handler({"body": "1"}, context)

    assert [request["status"] for request in answer["requests"]] == ["queued"]
    assert len(pipeline.queues.delivered(SUBMIT_QUEUE)) == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"colour": "red"}, "neither an S3 notification"),
        ([], "neither an S3 notification"),
        ("inputs/a.csv", "neither an S3 notification"),
        (None, "neither an S3 notification"),
        ({"Records": []}, "Records is empty"),
        ({"body": 5}, "body must be a string, not a number"),
    ],
)
def test_an_unreadable_direct_call_fails_with_the_reason(
    handler: Handler, context: LambdaContext, event: Any, reason: str
) -> None:
    with pytest.raises(Incomplete, match=reason):
        handler(event, context)


def test_a_function_whose_time_has_run_out_gives_everything_back(
    handler: Handler, pipeline: FakePipeline
) -> None:
    event = samples.sqs_event(samples.upload("inputs/a.csv"), samples.upload("inputs/b.csv"))

    answer = handler(event, LambdaContext(remaining_seconds=25))

    assert len(answer["batchItemFailures"]) == 2
    assert pipeline.ledger.items == {}

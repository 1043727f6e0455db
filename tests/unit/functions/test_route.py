"""The route function's handler, on every event that it may get."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from relay.delivery.responses import Incomplete
from relay.errors import TransientError
from relay.route.route import Route

from tests.support import samples
from tests.support.pipeline.invocations import Counts, LambdaContext
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import Json

Handler = Callable[[object, LambdaContext], Json]

EVENTS = sorted(path.stem for path in (samples.EVENTS / "route").glob("*.json"))
OUTCOMES = samples.outcomes("route")
ID = "a" * 32


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def handler(
    route_module: ModuleType, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> Handler:
    monkeypatch.setattr(route_module, "route", pipeline.route)
    monkeypatch.setattr(route_module, "clock", pipeline.clock)
    monkeypatch.setattr(route_module, "budget", pipeline.budget)
    handle: Handler = route_module.handler
    return handle


def test_every_event_has_its_outcome_written_down() -> None:
    assert sorted(OUTCOMES) == EVENTS


def test_the_module_builds_its_use_case_from_the_environment(route_module: ModuleType) -> None:
    assert isinstance(route_module.route, Route)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_has_the_outcome_that_is_written_down(
    name: str,
    handler: Handler,
    pipeline: FakePipeline,
    context: LambdaContext,
    counts: Counts,
) -> None:
    answer = handler(samples.event(f"route/{name}"), context)

    assert counts() == OUTCOMES[name]
    routed = sum(number for count, number in OUTCOMES[name].items() if count.endswith("Routed"))
    assert len(pipeline.results()) == routed
    if name.endswith("-direct"):
        assert "requests" in answer
    else:
        assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_comes_again_routes_nothing_twice(
    name: str, handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    handler(samples.event(f"route/{name}"), context)
    routed = len(pipeline.results())
    pipeline.clock.advance(3600)

    handler(samples.event(f"route/{name}"), context)

    assert len(pipeline.results()) == routed


@pytest.mark.parametrize("name", [name for name in EVENTS if not name.endswith("-direct")])
def test_an_event_that_cannot_be_worked_on_comes_back_message_by_message(
    name: str, handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    event = samples.event(f"route/{name}")
    for nth in range(1, 20):
        pipeline.faults.plan("queues.send", TransientError("send: no"), nth=nth)

    answer = handler(event, context)

    done = sum(OUTCOMES[name].get(count, 0) for count in ("Ignored", "Duplicate"))
    assert len(answer["batchItemFailures"]) == len(event["Records"]) - done
    assert set(pipeline.ledger.states.values()) <= {"OPEN"}


def test_the_spelling_of_a_direct_envelope_does_not_matter(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    event = samples.event("route/completed-direct")
    assert "SigningCertUrl" in event["Records"][0]["Sns"]

    handler(event, context)

    (message,) = pipeline.results()
    assert json.loads(message.body)["type"] == "relay.inference.completed"


def test_an_answer_in_the_notification_reaches_the_consumer(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    handler(samples.event("route/completed-with-response-body"), context)

    (message,) = pipeline.results()
    body = json.loads(message.body)["data"]["output"]["body"]
    assert body == {"encoding": "json", "content": {"score": 0.81}}


def test_a_failure_location_reaches_the_consumer(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    handler(samples.event("route/failed-with-failure-location"), context)

    (message,) = pipeline.results()
    failure = json.loads(message.body)["data"]["failure"]
    assert failure["location"].startswith(str(samples.FAILURES))
    assert failure["classification"] == "permanent"


def test_only_the_messages_that_must_come_again_are_failures(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    pipeline.faults.plan("queues.send", TransientError("no"), nth=2)
    event = samples.sqs_event(*(samples.completed(letter * 32) for letter in "abc"))

    answer = handler(event, context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert len(pipeline.results()) == 2


@pytest.mark.parametrize("event", [{}, [], None, {"Records": []}, samples.sns_event("no JSON")])
def test_an_unreadable_direct_event_fails_so_that_its_destination_gets_it(
    handler: Handler, context: LambdaContext, event: Any
) -> None:
    with pytest.raises(Incomplete, match="1 of 1 deliveries were not processed: "):
        handler(event, context)


def test_a_direct_event_that_cannot_be_done_now_is_repeated_by_lambda(
    handler: Handler, pipeline: FakePipeline, context: LambdaContext
) -> None:
    pipeline.faults.plan("queues.send", TransientError("send to queue: no"))
    event = samples.sns_event(samples.completed(ID))

    with pytest.raises(Incomplete, match="send to queue: no"):
        handler(event, context)

    handler(event, context)
    assert len(pipeline.results()) == 1


def test_a_function_whose_time_has_run_out_gives_everything_back(
    handler: Handler, pipeline: FakePipeline
) -> None:
    event = samples.sqs_event(samples.completed(ID))

    answer = handler(event, LambdaContext(remaining_seconds=25))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert pipeline.results() == []

"""Requests to custom resources on MiniStack."""

import threading
from typing import Any

import pytest
from ministack.services import lambda_svc

from local.ministack.custom_resources import execute_function

DESTINATION = "arn:aws:sqs:us-east-1:000000000000:failed"
FUNCTION = {
    "config": {
        "FunctionName": "provision",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:provision",
    },
    "event_invoke_config": {"DestinationConfig": {"OnFailure": {"Destination": DESTINATION}}},
}


@pytest.fixture
def invoked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The events with which the function was invoked, and failed."""
    events: list[object] = []

    def fail(_: object, event: object) -> dict[str, Any]:
        events.append(event)
        return {"error": True}

    monkeypatch.setattr(lambda_svc, "_execute_function", fail)
    monkeypatch.setattr(lambda_svc, "_LAMBDA_ASYNC_RETRY_BASE_SECONDS", 0)
    return events


def test_a_request_whose_invocations_fail_goes_to_the_functions_destination(
    invoked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    routed, done = list[tuple[object, object]](), threading.Event()

    def route(destination: str, _: str, event: object, __: object) -> None:
        routed.append((destination, event))
        done.set()

    monkeypatch.setattr(lambda_svc, "_route_async_failure", route)
    request = {"RequestType": "Delete", "ResponseURL": "https://answers.example"}

    execute_function(FUNCTION, request)

    assert done.wait(10)
    assert routed == [(DESTINATION, request)]
    assert invoked == [request] * 3


def test_any_other_service_has_the_answer_of_one_invocation(invoked: list[object]) -> None:
    assert execute_function(FUNCTION, {"Records": []}) == {"error": True}
    assert invoked == [{"Records": []}]

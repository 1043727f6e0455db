"""State-change events on their way to the rules of the default bus."""

import asyncio
import json
from typing import Any, cast

import pytest
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.deployments.events import STATE_CHANGE, EventBus
from async_endpoint_emulator.faults import FaultInjector, Faults

from tests.support.emulator.direct_aws import DirectAws

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:provision"
DETAIL = {"EndpointArn": "arn:endpoint", "EndpointName": "demo", "EndpointStatus": "IN_SERVICE"}


class FakeAws(DirectAws):
    """A bus with one rule; its pattern and the event match when they name the same endpoint."""

    def __init__(self, rule: Any, target: Any) -> None:
        self.rule = {"Name": "r", "State": "ENABLED", **rule}
        self.target = {"Id": "t", "Arn": FUNCTION, **target}
        self.invoked: list[Any] = []

    def paginate(self) -> Any:
        return [{"Rules": [self.rule]}]

    def test_event_pattern(self, *, EventPattern: str, Event: str) -> Any:
        wanted = json.loads(EventPattern)["detail"]["EndpointName"]
        return {"Result": json.loads(Event)["detail"]["EndpointName"] in wanted}

    def list_targets_by_rule(self, *, Rule: str) -> Any:
        return {"Targets": [self.target]}

    def invoke(self, **members: Any) -> None:
        self.invoked.append(members)


def announce(
    rule: Any, target: Any = None, copies: int = 1, faults: Faults | None = None
) -> tuple[list[Any], Counters]:
    aws, counters = FakeAws(rule, target or {}), Counters()
    bus = EventBus(cast(Aws, aws), counters, copies, FaultInjector(faults))
    asyncio.run(bus.announce(STATE_CHANGE, DETAIL))
    return aws.invoked, counters


PATTERN = {"EventPattern": '{"detail": {"EndpointName": ["demo"]}}'}


def test_a_matching_rule_has_its_function_invoked_asynchronously_with_the_event() -> None:
    [invocation], counters = announce(PATTERN)

    event = json.loads(invocation["Payload"])
    assert invocation["FunctionName"] == FUNCTION
    assert invocation["InvocationType"] == "Event"
    assert event["source"] == "aws.sagemaker"
    assert event["detail-type"] == "SageMaker Endpoint State Change"
    assert event["resources"] == ["arn:endpoint"]
    assert event["detail"] == DETAIL
    assert counters.events_delivered == 1


def test_one_change_raises_as_many_events_as_configured_each_with_its_own_id() -> None:
    invoked, _ = announce(PATTERN, copies=3)

    assert len({json.loads(each["Payload"])["id"] for each in invoked}) == 3


def test_events_are_lost_and_doubled_on_purpose() -> None:
    lost, counters = announce(PATTERN, copies=3, faults=Faults(lose_event=1))
    doubled, _ = announce(PATTERN, copies=3, faults=Faults(duplicate_event=1))

    assert (lost, counters.events_lost) == ([], 3)
    assert len(doubled) == 6


@pytest.mark.parametrize(
    "rule",
    [
        {"EventPattern": '{"detail": {"EndpointName": ["other"]}}'},
        {"ScheduleExpression": "rate(1 minute)"},
        {**PATTERN, "State": "DISABLED"},
    ],
    ids=["other endpoint", "schedule", "disabled"],
)
def test_other_rules_are_left_alone(rule: Any) -> None:
    assert announce(rule)[0] == []


def test_a_target_may_have_a_constant_input() -> None:
    [invocation], _ = announce(PATTERN, {"Input": '{"wake": true}'})

    assert invocation["Payload"] == b'{"wake": true}'


def test_a_target_that_is_no_function_is_skipped() -> None:
    invoked, counters = announce(PATTERN, {"Arn": "arn:aws:sqs:us-east-1:000000000000:q"})

    assert invoked == []
    assert counters.events_delivered == 0

"""Alarms by CloudWatch's rules, and what a policy makes of a metric."""

from typing import Any, cast

import pytest
from async_endpoint_emulator.autoscaling.alarms import Verdict, evaluate
from async_endpoint_emulator.autoscaling.metrics import Metrics, gauges
from async_endpoint_emulator.autoscaling.registry import ScalingPolicy
from async_endpoint_emulator.deployments.load import EndpointLoad
from async_endpoint_emulator.inference.meters import Meters
from async_endpoint_emulator.pace import Pace

from tests.support.stopped_clock import StoppedClock

POLICY = "arn:aws:autoscaling:policy"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def metrics(clock: StoppedClock) -> Metrics:
    return Metrics(Meters(), clock=clock)


def load(waiting: int = 0, in_process: int = 0, instances: int = 1) -> EndpointLoad:
    desired = {"AllTraffic": instances}
    return EndpointLoad("relay", "InService", waiting, in_process, None, instances, desired)


def judge(metrics: Metrics, name: str, **changes: Any) -> Verdict:
    """Evaluate an alarm with threshold 5, twice in two minutes, with a second for each minute."""
    alarm = {
        "AlarmName": "a",
        "MetricName": name,
        "Dimensions": [{"Name": "EndpointName", "Value": "relay"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "StateValue": "OK",
        "AlarmActions": [POLICY],
        **changes,
    }
    return evaluate(cast(Any, alarm), metrics, Pace(1 / 60))


def observe(metrics: Metrics, clock: StoppedClock, *backlogs: int) -> None:
    for backlog in backlogs:
        clock.seconds += 1
        metrics.observe([load(waiting=backlog)])


@pytest.mark.parametrize(
    ("backlogs", "state"),
    [((9, 9), "ALARM"), ((0, 9), "OK"), ((9, 0), "OK"), ((9, 9, 0, 0), "OK"), ((0, 5, 5), "ALARM")],
)
def test_as_many_periods_as_are_evaluated_must_breach(
    metrics: Metrics, clock: StoppedClock, backlogs: tuple[int, ...], state: str
) -> None:
    observe(metrics, clock, *backlogs)

    assert judge(metrics, "ApproximateBacklogSize").state == state


def test_fewer_periods_are_enough_where_the_alarm_says_so(
    metrics: Metrics, clock: StoppedClock
) -> None:
    observe(metrics, clock, 9, 0)

    assert judge(metrics, "ApproximateBacklogSize", DatapointsToAlarm=1).state == "ALARM"


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("ignore", "ALARM"),
    ],
)
def test_an_alarm_says_what_missing_data_mean(metrics: Metrics, missing: str, state: str) -> None:
    verdict = judge(metrics, "Nothing", TreatMissingData=missing, StateValue="ALARM")

    assert verdict.state == state
    assert not verdict.in_alarm, "there is no value to act upon"


def test_another_endpoints_data_do_not_count(metrics: Metrics, clock: StoppedClock) -> None:
    observe(metrics, clock, 9, 9)
    others = [{"Name": "EndpointName", "Value": "other"}]

    verdict = judge(metrics, "ApproximateBacklogSize", Dimensions=others)

    assert verdict.state == "INSUFFICIENT_DATA"


def test_disabled_actions_are_none(metrics: Metrics, clock: StoppedClock) -> None:
    observe(metrics, clock, 9, 9)

    assert judge(metrics, "ApproximateBacklogSize").actions == (POLICY,)
    assert judge(metrics, "ApproximateBacklogSize", ActionsEnabled=False).actions == ()


def test_the_backlog_per_instance_is_undefined_without_instances() -> None:
    asleep = dict(gauges(load(waiting=3, instances=0)))
    awake = dict(gauges(load(waiting=3, in_process=1, instances=2)))

    assert "ApproximateBacklogSizePerInstance" not in asleep
    assert asleep["HasBacklogWithoutCapacity"] == 1
    assert awake["ApproximateBacklogSizePerInstance"] == 2
    assert awake["HasBacklogWithoutCapacity"] == 0


@pytest.mark.parametrize(
    ("configuration", "capacity"),
    [
        ({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}, 5),
        ({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": -2}, 2),
        ({"AdjustmentType": "ExactCapacity", "ScalingAdjustment": 7}, 7),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 30}, 6),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": -30}, 2),
    ],
)
def test_a_step_changes_the_capacity_as_its_policy_says(
    configuration: dict[str, Any], capacity: int
) -> None:
    step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": configuration["ScalingAdjustment"]}
    policy = ScalingPolicy(
        "p",
        POLICY,
        "r",
        "StepScaling",
        {"AdjustmentType": configuration["AdjustmentType"], "StepAdjustments": [step]},
    )

    assert policy.stepped(4, beyond=0.5) == capacity
    assert policy.stepped(4, beyond=-0.5) == 4, "no step is for this"


@pytest.mark.parametrize(
    ("capacity", "metric", "wanted"), [(1, 12, 3), (4, 5, 4), (4, 1, 1), (3, 0, 0)]
)
def test_target_tracking_wants_the_capacity_that_meets_the_target(
    capacity: int, metric: float, wanted: int
) -> None:
    policy = ScalingPolicy("p", POLICY, "r", "TargetTrackingScaling", {"TargetValue": 5})

    assert policy.tracked(capacity, metric) == wanted

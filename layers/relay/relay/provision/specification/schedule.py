"""Scheduled actions of Application Auto Scaling: bounds that change at certain times."""

import re
from dataclasses import dataclass
from typing import Final

from relay.provision.specification.endpoint_properties import MOST_INSTANCES
from relay.provision.specification.properties import PropertyReader

SCHEDULE: Final = "ScalingSchedule"
# Six fields. An `at` would be in the past when the endpoint is registered again, and a `rate`
# would count from there.
# https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
_CRON: Final = re.compile(r"cron\([^ ()]+( [^ ()]+){5}\)")
_TIMEZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
# As many as DescribeScheduledActions returns in one response.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html
_MOST_ACTIONS: Final = 50
# The members of PutScheduledAction and of its ScalableTargetAction.
_MEMBERS: Final = ("Schedule", "Timezone", "MinCapacity", "MaxCapacity")


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """From each time of `schedule` on, until another action's, these are the bounds."""

    schedule: str
    timezone: str
    minimum: int
    maximum: int


def read_schedule(reader: PropertyReader) -> tuple[ScheduledAction, ...]:
    """Read the property, a JSON list; `reader` collects the problems."""
    actions = tuple(_action(each) for each in reader.json_objects(SCHEDULE))
    if len(actions) > _MOST_ACTIONS:
        reader.refuse(SCHEDULE, f"has {len(actions)} actions, and may have {_MOST_ACTIONS}")
    return actions


def _action(reader: PropertyReader) -> ScheduledAction:
    reader.only(_MEMBERS, lambda _: f"an action has {', '.join(_MEMBERS)}")
    action = ScheduledAction(
        schedule=reader.matching(
            "Schedule", _CRON, "a cron expression with six fields such as cron(0 20 ? * * *)"
        ),
        timezone=reader.matching("Timezone", _TIMEZONE, "the name of a time zone")
        if "Timezone" in reader
        else "UTC",
        minimum=_capacity(reader, "MinCapacity"),
        maximum=_capacity(reader, "MaxCapacity"),
    )
    if action.minimum > action.maximum and not reader.has_refused("MaxCapacity"):
        reader.refuse(
            "MinCapacity", f"({action.minimum}) is more than MaxCapacity ({action.maximum})"
        )
    return action


def _capacity(reader: PropertyReader, name: str) -> int:
    value = reader.optional_integer(name)
    if value is None and not reader.has_refused(name):
        reader.refuse(name, "is missing")
    elif value is not None and not 0 <= value <= MOST_INSTANCES:
        reader.refuse(name, f"must be from 0 to {MOST_INSTANCES:,}, not {value}")
    return value or 0

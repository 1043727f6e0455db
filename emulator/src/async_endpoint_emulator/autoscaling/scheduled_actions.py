"""The operations for scheduled actions. They run in `scaling_loop`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from async_endpoint_emulator.api.callers.identity import Caller
from async_endpoint_emulator.autoscaling.registry import Registry, ScheduledAction, not_found
from async_endpoint_emulator.autoscaling.schedules import parse
from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.validation import Document

_TIMES = ("StartTime", "EndTime")


@dataclass(frozen=True)
class ScheduledActions:
    """PutScheduledAction, DescribeScheduledActions and DeleteScheduledAction."""

    registry: Registry
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def put(self, request: Document, caller: Caller) -> Document:
        """An update keeps what it does not give, except StartTime and EndTime.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
        """
        resource, name = request["ResourceId"], request["ScheduledActionName"]
        if resource not in self.registry.targets:
            raise not_found("scalable target", resource, "registered")
        known = self.registry.scheduled.get((resource, name))
        kept = {} if known is None else known.given
        given = {each: kept[each] for each in kept if each not in _TIMES}
        members = (*_TIMES, "Schedule", "Timezone", "ScalableTargetAction")
        given |= {each: request[each] for each in members if each in request}
        if "Schedule" not in given or not given.get("ScalableTargetAction"):
            raise validation_exception("A new scheduled action needs a schedule and an action")
        try:
            schedule = parse(given["Schedule"], given.get("Timezone", "UTC"))
        except ValueError as error:
            raise validation_exception(str(error)) from error
        bounds = given["ScalableTargetAction"]
        if bounds.get("MaxCapacity", 0) < bounds.get("MinCapacity", 0) and len(bounds) > 1:
            raise validation_exception("Maximum capacity cannot be less than minimum capacity")
        arn = known.arn if known else self.registry.scheduled_action_arn(resource, name)
        action = ScheduledAction(name, arn, resource, given, schedule, due=None)
        action.due = action.next_after(self.now())
        self.registry.scheduled[resource, name] = action
        return {}

    async def describe(self, request: Document, caller: Caller) -> Document:
        names = request.get("ScheduledActionNames")
        found = [
            action.describe()
            for action in self.registry.actions_of(request.get("ResourceId"))
            if not names or action.name in names
        ]
        return {"ScheduledActions": found}

    async def delete(self, request: Document, caller: Caller) -> Document:
        resource, name = request["ResourceId"], request["ScheduledActionName"]
        if (resource, name) not in self.registry.scheduled:
            raise not_found("scheduled action", resource)
        del self.registry.scheduled[resource, name]
        return {}

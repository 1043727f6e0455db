"""EventBridge: the rule that invokes a function, enabled while there is something to do."""

from typing import TYPE_CHECKING

from relay.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class RuleSchedule:
    """Implements `relay.backfill.ports.Schedule`."""

    def __init__(self, events: "EventBridgeClient", rule: str) -> None:
        self._events = events
        self._rule = rule

    def enable(self) -> None:
        with translated(f"enable rule {self._rule}"):
            self._events.enable_rule(Name=self._rule)

    def disable(self) -> None:
        with translated(f"disable rule {self._rule}"):
            self._events.disable_rule(Name=self._rule)

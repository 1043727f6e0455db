"""Event source mappings of submit and route, as Lambda answers about them, for `relayctl`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

FUNCTIONS = {"SubmitFunctionName": "relay-submit", "RouteFunctionName": "relay-route"}


@dataclass
class FakeMappings:
    """A mapping for each function. A change of state takes as many listings as `slowness`.

    `errors` are raised by the next calls of an operation, by its name.
    """

    states: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(FUNCTIONS.values(), "Enabled")
    )
    slowness: int = 0
    updates: list[tuple[str, bool]] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    _left: dict[str, int] = field(default_factory=dict)

    def changing(self, name: str, state: str, listings: int) -> None:
        """Let the mapping of a function be in a state for so many listings."""
        self.states[name] = state
        self._left[name] = listings

    def get_paginator(self, operation: str) -> "FakeMappings":
        assert operation == "list_event_source_mappings"
        return self

    def paginate(self, *, FunctionName: str) -> Iterator[dict[str, Any]]:
        self._fail("ListEventSourceMappings")
        if FunctionName not in self.states:
            yield {"EventSourceMappings": []}
            return
        left = self._left.get(FunctionName, 0)
        if left == 0:
            state = self.states[FunctionName]
            off = state in ("Disabling", "Disabled")
            self.states[FunctionName] = "Disabled" if off else "Enabled"
        self._left[FunctionName] = max(left - 1, 0)
        mapping = {"UUID": f"uuid of {FunctionName}", "State": self.states[FunctionName]}
        yield {"EventSourceMappings": [mapping]}

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> dict[str, Any]:
        self._fail("UpdateEventSourceMapping")
        name = UUID.removeprefix("uuid of ")
        assert self.states[name] in ("Enabled", "Disabled"), "Lambda refuses this"
        self.updates.append((name, Enabled))
        self.states[name] = "Enabling" if Enabled else "Disabling"
        self._left[name] = self.slowness
        return {}

    def _fail(self, operation: str) -> None:
        if codes := self.errors.get(operation):
            code = codes.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": code}}, operation)

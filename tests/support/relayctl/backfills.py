"""The function backfill for commands: its real code, with a schedule and an endpoint in memory."""

import json
from collections.abc import Mapping
from typing import Any, Final

from relay.errors import RelayError

from relayctl.errors import RelayctlError
from tests.stateful.backfill.world import BackfillWorld
from tests.support.relayctl.commands import FakeDeployment

_OUTPUT: Final = "BackfillFunctionName"


class CalledBackfills(BackfillWorld):
    """A world whose function a stack has. `asked` are the calls."""

    def __init__(self, deployment: FakeDeployment) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        outputs = {**deployment.outputs, _OUTPUT: "relay-backfill"}
        deployment.__dict__["outputs"] = outputs
        deployment.functions_answer[_OUTPUT] = self._answer

    def _answer(self, request: Mapping[str, object]) -> dict[str, Any]:
        event = json.loads(json.dumps(request))
        self.asked.append(event)
        try:
            return json.loads(json.dumps(self.call(**event)))  # type: ignore[no-any-return]
        except RelayError as error:
            raise RelayctlError(f"relay-backfill: {error}") from error

    def members(self, action: str) -> list[dict[str, Any]]:
        """Return the members of the calls of an action."""
        return [
            {name: value for name, value in each.items() if name != "action"}
            for each in self.asked
            if each["action"] == action
        ]

"""What provision says about the endpoint, read from its response to `describe`.

docs/explanation/endpoint.md describes the document.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay.provision.endpoint import CHANGING, EndpointStatus
from relay.provision.lifecycle.rollouts import RollOutOutcome
from relay.provision.lifecycle.stored_record import Goal

from relayctl.deployment import Deployment

DESCRIBING: Final = ("lambda:InvokeFunction",)
_CHANGING: Final = tuple(each.value for each in CHANGING)
_BAD: Final = (RollOutOutcome.FAILED, RollOutOutcome.REFUSED, RollOutOutcome.OVERTAKEN)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a roll-out ended."""

    outcome: str
    reason: str

    @property
    def well(self) -> bool:
        return self.outcome not in _BAD


@dataclass(frozen=True, slots=True)
class State:
    """The state of the endpoint at one moment."""

    document: Mapping[str, Any]

    @classmethod
    def of(cls, deployment: Deployment) -> "State":
        """Ask provision.

        Raises:
            RelayctlError: the function failed.
        """
        return cls(deployment.provision({"action": "describe"}))

    @property
    def endpoint(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["endpoint"]
        return found

    @property
    def status(self) -> str:
        return str(self.endpoint["status"])

    @property
    def in_service(self) -> bool:
        return self.status == EndpointStatus.IN_SERVICE.value

    @property
    def absent(self) -> bool:
        return self.status == EndpointStatus.ABSENT.value

    @property
    def changing(self) -> bool:
        """Whether SageMaker or the relay is at work."""
        return self.status in _CHANGING or self.document["goal"] != Goal.REST.value

    @property
    def problems(self) -> list[str]:
        """What is wrong with an existing endpoint."""
        existing = self.document.get("existing")
        return list(existing["problems"]) if existing else []

    def roll_outs(self) -> Iterator[Mapping[str, Any]]:
        """Yield the roll-outs that ended, the newest first."""
        if last := self.document["last_roll_out"]:
            yield last
        yield from self.document["earlier_roll_outs"]

    def ended(self, roll_out: str) -> Ended | None:
        """Return how a roll-out ended; None if it has not."""
        for each in self.roll_outs():
            if each["id"] == roll_out:
                return Ended(each["outcome"], each["reason"])
        return None

    def phase(self, roll_out: str) -> str:
        """Return in words where a roll-out is that has not ended."""
        under_way = self.document["under_way"]
        if under_way and under_way["id"] == roll_out:
            instances = self.endpoint["instances"]
            count = f"{instances['current']} of {instances['desired']} instances"
            return f"{self.status}, {count}"
        doing = under_way["asked_by"] if under_way else "CloudFormation"
        return f"waits for {doing} ({self.status})"


def artifact(generation: Mapping[str, Any] | None) -> str:
    """Return what a generation serves, as a person names it."""
    if generation is None:
        return "nothing"
    return str(generation.get("model_data_url") or generation["image"])

"""Deployment configurations: how UpdateEndpoint replaces a fleet.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.resources import EndpointConfig
from async_endpoint_emulator.validation import Document

ALL_AT_ONCE, CANARY, LINEAR = "ALL_AT_ONCE", "CANARY", "LINEAR"
_EVERYTHING = {"Type": "CAPACITY_PERCENT", "Value": 100}


@dataclass(frozen=True, slots=True)
class CapacitySize:
    """A number of instances, or a percentage of them."""

    kind: str
    value: int

    @classmethod
    def from_document(cls, document: Document) -> "CapacitySize":
        return cls(document["Type"], document["Value"])

    def percent_of(self, total: int) -> float:
        if self.kind == "CAPACITY_PERCENT":
            return float(self.value)
        return 100 * self.value / total if total else 100.0

    def instances_of(self, total: int) -> int:
        """At least one, so that every step gets on."""
        return max(1, min(total, ceil(self.percent_of(total) * total / 100)))


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """The whole new fleet comes up beside the old one; then the traffic shifts, in steps."""

    routing: str = ALL_AT_ONCE
    step: CapacitySize = CapacitySize("CAPACITY_PERCENT", 100)
    interval: int = 0
    termination_wait: int = 0
    timeout: int | None = None

    def shares(self, instances: int) -> list[float]:
        """The new fleet's part of the traffic after each step; the last one is everything."""
        percent = self.step.percent_of(instances) if instances else 100.0
        if self.routing == ALL_AT_ONCE or percent >= 100:
            return [1.0]
        if self.routing == CANARY:
            return [percent / 100, 1.0]
        steps = ceil(100 / percent)
        return [min(1.0, number * percent / 100) for number in range(1, steps + 1)]


@dataclass(frozen=True, slots=True)
class Rolling:
    """Batch by batch, instances of the new fleet take the place of old ones."""

    batch: CapacitySize
    interval: int
    rollback_batch: CapacitySize
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class Guardrails:
    """How to deploy, and the alarms that make it roll back."""

    policy: BlueGreen | Rolling
    alarms: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Document | None, config: EndpointConfig) -> "Guardrails":
        """What a `DeploymentConfig` means for a configuration.

        Where AWS documents that guardrails do not apply (Inf1; rolling with several variants), it
        means all at once without baking, as there.
        """
        if not document or _excluded(document, config):
            return cls(BlueGreen())
        automatic = document.get("AutoRollbackConfiguration", {})
        alarms = tuple(each["AlarmName"] for each in automatic.get("Alarms", ()))
        if rolling := document.get("RollingUpdatePolicy"):
            return cls(_rolling(rolling), alarms)
        return cls(_blue_green(document.get("BlueGreenUpdatePolicy")), alarms)


def require_valid(document: Document, counts: Mapping[str, int]) -> None:
    """Checks what the API's shapes cannot say, for variants with so many instances.

    Raises:
        AwsError: ValidationException; names the member.
    """
    blue_green = document.get("BlueGreenUpdatePolicy")
    rolling = document.get("RollingUpdatePolicy")
    if counts and not any(counts.values()):
        raise validation_exception(
            "DeploymentConfig cannot be used for an endpoint without instances."
        )
    if blue_green and rolling:
        raise validation_exception(
            "DeploymentConfig must have either BlueGreenUpdatePolicy or RollingUpdatePolicy, "
            "not both."
        )
    if blue_green:
        routing = blue_green["TrafficRoutingConfiguration"]
        if routing["Type"] == CANARY:
            _require_size(routing, "CanarySize", 0, 50, counts)
        if routing["Type"] == LINEAR:
            _require_size(routing, "LinearStepSize", 10, 50, counts)
    if rolling:
        _require_size(rolling, "MaximumBatchSize", 5, 50, counts)
        if "RollbackMaximumBatchSize" in rolling:
            _require_size(rolling, "RollbackMaximumBatchSize", 0, 100, counts)
    alarms = [
        each.get("AlarmName")
        for each in document.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    ]
    if None in alarms or len(set(alarms)) != len(alarms):
        raise validation_exception(
            "AutoRollbackConfiguration.Alarms must each have an AlarmName of their own."
        )


def _require_size(
    document: Document, member: str, least: int, most: int, counts: Mapping[str, int]
) -> None:
    if member not in document:
        raise validation_exception(f"{member} is required for this type of deployment.")
    size = CapacitySize.from_document(document[member])
    for variant, count in counts.items():
        if not count:
            continue
        # No step is smaller than an instance, whatever the percentage.
        if not least <= max(size.percent_of(count), 100 / count) <= most:
            raise validation_exception(
                f"{member} must be between {least}% and {most}% of the variant's total instance "
                f"count; variant {variant} has {count} instance(s), and {member} is "
                f"{size.value} ({size.kind})."
            )


def _excluded(document: Document, config: EndpointConfig) -> bool:
    several = len(config.variants) > 1 and "RollingUpdatePolicy" in document
    return several or any(each.instance_type.startswith("ml.inf1.") for each in config.variants)


def _blue_green(document: Document | None) -> BlueGreen:
    if not document:
        return BlueGreen()
    routing = document["TrafficRoutingConfiguration"]
    member = {CANARY: "CanarySize", LINEAR: "LinearStepSize"}.get(routing["Type"])
    return BlueGreen(
        routing["Type"],
        CapacitySize.from_document(routing[member] if member else _EVERYTHING),
        routing["WaitIntervalInSeconds"],
        document.get("TerminationWaitInSeconds", 0),
        document.get("MaximumExecutionTimeoutInSeconds"),
    )


def _rolling(document: Document) -> Rolling:
    return Rolling(
        CapacitySize.from_document(document["MaximumBatchSize"]),
        document["WaitIntervalInSeconds"],
        CapacitySize.from_document(document.get("RollbackMaximumBatchSize", _EVERYTHING)),
        document.get("MaximumExecutionTimeoutInSeconds"),
    )

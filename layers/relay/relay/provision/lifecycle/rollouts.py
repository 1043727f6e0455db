"""Roll-outs: requester, changes, outcome, and how they combine with the stack's properties.

The stack's properties say what the endpoint is. A roll-out changes a few of them without the stack,
until the stack itself changes the same ones.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

Properties = Mapping[str, object]

# Properties that a roll-out may change. Those of one group belong together: when the stack changes
# one of them, the stack decides all of them.
_GROUPS: Final = (
    ("ModelDataUrl", "ModelDataVersion"),
    ("ImageUri", "Framework", "FrameworkVersion"),
    ("ModelEnvironment",),
    ("InstanceType",),
    ("MaxConcurrentInvocationsPerInstance",),
)
ROLLED_OUT: Final = tuple(name for group in _GROUPS for name in group)

# Characters of a value that the history keeps as it is.
_LONGEST_IN_HISTORY: Final = 200
# CloudFormation waits an hour at most (ServiceTimeout): a change that cannot begin is repeated for
# so long, which leaves time to deliver the response. A roll-out has the same time.
DECIDE_WITHIN: Final = timedelta(minutes=52)
# How long an upload waits for an endpoint: Lambda may be about to repeat CloudFormation's request.
CREATED_WITHIN: Final = timedelta(minutes=5)
# How long a denied permission may still be on its way, counted from the first refusal.
PROPAGATION: Final = timedelta(minutes=5)

# How the ids of roll-outs begin that an upload has asked for.
UPLOAD: Final = "upload "
DEPLOY_AGAIN: Final = "deploy the stack again"


class RollOutKind(StrEnum):
    STACK = "stack"  # CloudFormation's own request
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    REPAIR = "repair"  # the relay's own: back to what served before SageMaker got stuck


class RollOutOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # what served before goes on serving, unless the reason says otherwise
    UNCHANGED = "unchanged"  # it served already
    REFUSED = "refused"  # it was never tried
    OVERTAKEN = "overtaken"  # by a newer one, which begins in its place


@dataclass(frozen=True, slots=True)
class RollOut:
    """A change of what serves. `changes` are properties of the custom resource.

    `settings` are the deployment's properties for this one time.
    """

    id: str
    kind: RollOutKind
    asked_by: str
    asked_at: datetime
    changes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    # Empty until it has begun.
    from_config: str = ""
    to_config: str = ""
    begun_at: datetime | None = None

    @property
    def again(self) -> str:
        """How its requester repeats it."""
        if self.kind is RollOutKind.STACK:
            return DEPLOY_AGAIN
        if self.kind is RollOutKind.REPAIR:
            return "roll out a model that can serve, or deploy the stack again"
        if self.id.startswith(UPLOAD):
            return "upload the artifact again, or call `deploy` with its address"
        return "repeat the call"

    @property
    def changes_what_serves(self) -> bool:
        """Compares with what served when it began: a crash may have lost the attempt."""
        return self.from_config != self.to_config or self.kind is RollOutKind.REPAIR

    def begun(self, from_config: str, to_config: str, at: datetime) -> Self:
        return replace(self, from_config=from_config, to_config=to_config, begun_at=at)

    def put_back(self) -> Self:
        """The roll-out as it was before it began."""
        return replace(self, from_config="", to_config="", begun_at=None)

    def digested(self) -> Self:
        """The roll-out as the history keeps it: digests stand for long values."""
        return replace(self, changes=_digested(self.changes), settings=_digested(self.settings))

    def after(self, overtaken: "RollOut | None") -> Self:
        """Replace an older one, and keep the changes that only that one has."""
        if overtaken is None:
            return self
        return replace(self, changes={**overtaken.changes, **self.changes})

    def decided_by(self) -> datetime:
        return (self.begun_at or self.asked_at) + DECIDE_WITHIN


@dataclass(frozen=True, slots=True)
class EndedRollOut:
    """How a roll-out ended."""

    roll_out: RollOut
    outcome: RollOutOutcome
    ended_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Out of which properties a generation was made.

    `stack` are the stack's own at that time; where `properties` differ, a roll-out changed them.
    """

    properties: Properties
    stack: Properties


def stacked(new: Properties, before: Recipe | None) -> dict[str, object]:
    """The stack's new properties, with what roll-outs changed and the stack has not since.

    Compared with the stack's properties that are in force rather than with those of its request:
    when CloudFormation takes a failed update back, nothing has changed in between.
    """
    merged = dict(new)
    if before is None:
        return merged
    for group in _GROUPS:
        if all(_same(new, before.stack, name) for name in group):
            merged.update({name: before.properties.get(name, "") for name in group})
    return merged


def way_back(recipe: Recipe) -> dict[str, str]:
    """The changes that lead to this recipe from any other."""
    return {name: str(recipe.properties.get(name, "")) for name in ROLLED_OUT}


def overwritten(back: Recipe, now: Recipe) -> bool:
    """Whether the artifact that served before lay where another one lies now."""
    return (
        bool(back.properties.get("ModelDataUrl"))
        and _same(back.properties, now.properties, "ModelDataUrl")
        and not _same(back.properties, now.properties, "ModelDataVersion")
    )


def keeps_capacity(before: Properties, after: Properties) -> bool:
    """Whether an update keeps the capacity to which the endpoint was scaled.

    It does (RetainAllVariantProperties), or every new model would reset an autoscaled endpoint, or
    scale out one at zero instances. But a changed instance count is a request for it, and a count
    that suits the old instance type says nothing about a new one.
    """
    return all(_same(before, after, name) for name in ("InstanceCount", "InstanceType"))


def _digested(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        if len(value) <= _LONGEST_IN_HISTORY
        else f"sha256 {hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
        for name, value in values.items()
    }


def _same(one: Properties, other: Properties, name: str) -> bool:
    return one.get(name, "") == other.get(name, "")

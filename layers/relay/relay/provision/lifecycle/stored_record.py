"""What is stored about an endpoint between two invocations: one item of the ledger table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from relay.provision.lifecycle.custom_resource import (
    PendingRequest,
    RequestType,
    Response,
    StackChange,
)
from relay.provision.lifecycle.rollouts import (
    PROPAGATION,
    EndedRollOut,
    Properties,
    Recipe,
    RollOut,
    RollOutKind,
)
from relay.provision.specification.existing import Adoption
from relay.provision.specification.scaling import Registration
from relay.provision.specification.specification import Generation, Specification

# A removal goes on after its response, but a stack whose deletion failed must be deleted again.
_REMOVAL_PATIENCE: Final = timedelta(minutes=10)


class Goal(Enum):
    """The state that the steps lead to."""

    SERVE = "serve"  # the target in service
    ADOPT = "adopt"  # a response about an existing endpoint
    REMOVE = "remove"  # neither endpoint nor anything that was made for it
    REST = "rest"  # nothing under way; what is left: respond, begin what is queued, collect


@dataclass(frozen=True, slots=True)
class ChangeAttempt:
    """CreateEndpoint or UpdateEndpoint is called for this configuration: stored before the call.

    `last_modified` and `failure_reason` are the endpoint's before the call: an old configuration in
    service means a rollback only once the time has changed, and, if it is unknown whether SageMaker
    has accepted the call, the reason too: other changes, such as of its scaling, have none.
    """

    config: str
    last_modified: datetime | None
    failure_reason: str = ""
    # None until the call has returned.
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """What is stored, and what follows from it. `Record` has the transitions."""

    endpoint_name: str
    goal: Goal = Goal.REST
    # The stack that owns the endpoint.
    stack_id: str = ""
    target: Specification | None = None
    # Whether the endpoint must not exist yet: a Create, or an Update that renames it.
    creating: bool = False
    # Whether an update keeps scaled capacity rather than take the new configuration's instance
    # count.
    retain_capacity: bool = True
    attempt: ChangeAttempt | None = None
    # Who asked for the target.
    roll_out: RollOut | None = None
    pending: PendingRequest | None = None
    # What the pending request is about, as long as something else is under way.
    stack_change: StackChange | None = None
    # Why the pending request fails. Kept from the moment it is known until the response is decided.
    failure: str = ""
    # Decided, and not known to be delivered.
    response: Response | None = None
    # The one roll-out that has not begun: a newer one takes its place.
    queued: RollOut | None = None
    # Newest first.
    history: tuple[EndedRollOut, ...] = ()
    # Newest first: in service, then the one before.
    generations: tuple[Generation, ...] = ()
    unused: tuple[Generation, ...] = ()
    # The stack's properties with which CloudFormation's last Create or Update has succeeded.
    succeeded: Properties = field(default_factory=dict)
    # By the names of the configurations.
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    # How the endpoint is scaled.
    registration: Registration = Registration()
    # Since when AWS has refused the next step: denied a permission, or any error where no request
    # waits for the step.
    refused_since: datetime | None = None
    # Not before then is that step tried again.
    resumes_at: datetime | None = None
    # DescribeEndpoint may not show yet, until then, what CreateEndpoint has begun.
    unseen_until: datetime | None = None
    # Whether the endpoint, which should serve, was deleted and is created anew.
    recreating: bool = False
    # Orders uploads, which arrive in any order.
    newest_upload: str = ""
    # When CloudFormation sent the newest request. Lambda may repeat an older one later.
    requested_at: datetime | None = None
    # Names that the endpoint had before and whose records the sweep must look at as well.
    former_names: tuple[str, ...] = ()
    handled: tuple[str, ...] = ()
    # What an existing endpoint must be like; None for one that the relay made.
    adoption: Adoption | None = None
    # Counts the writes; 0 is a record that was never written.
    version: int = 0

    @property
    def settled(self) -> bool:
        at_rest = self.goal is Goal.REST and not self.unused and self.registration.sure
        no_response = self.pending is None and self.response is None
        return at_rest and no_response and self.queued is None

    @property
    def awaits_former(self) -> bool:
        """Whether a Delete gets its response once nothing is left at former names either.

        After the response, CloudFormation deletes the function and the table.
        """
        deletes = self.pending is not None and self.pending.type is RequestType.DELETE
        return deletes and bool(self.former_names)

    @property
    def empty(self) -> bool:
        """Whether nothing of the endpoint is left, so that the record may expire."""
        nothing_made = not self.generations and self.adoption is None
        return self.settled and nothing_made and not self.former_names

    @property
    def made(self) -> tuple[Generation, ...]:
        """Everything that the relay made, or is making, for this endpoint and may delete."""
        known = self.generations + self.unused
        if self.target is None or self.target.generation in known:
            return known
        return (*known, self.target.generation)

    @property
    def begun_request(self) -> PendingRequest | None:
        """CloudFormation's request, once what it asks for has begun."""
        return None if self.stack_change else self.pending

    @property
    def prepared(self) -> bool:
        """Whether SageMaker may have been called for the target."""
        target, attempt = self.target, self.attempt
        return bool(target and attempt and attempt.config == target.generation.config)

    @property
    def under_way(self) -> bool:
        """Whether SageMaker was called for the target; it has no call that cancels."""
        return self.prepared and self.attempt is not None and self.attempt.called_at is not None

    @property
    def repairable(self) -> bool:
        """Whether the relay may go back to what serves, which it tries once."""
        again = self.roll_out is not None and self.roll_out.kind is RollOutKind.REPAIR
        return not again and self.serving is not None

    @property
    def unfinished(self) -> RollOut | None:
        """The roll-outs that have not ended, as one that has not begun."""
        roll_out = self.roll_out
        if roll_out is None or roll_out.kind not in (RollOutKind.DEPLOY, RollOutKind.ROLLBACK):
            return self.queued
        return self.queued.after(roll_out) if self.queued else roll_out.put_back()

    @property
    def change_waits(self) -> bool:
        """Whether another change begins once this one has ended."""
        return self.queued is not None or self.stack_change is not None

    @property
    def serving(self) -> Recipe | None:
        """The recipe of the generation in service; None where there is none or it is unknown."""
        return self.recipes.get(self.generations[0].config) if self.generations else None

    def owns(self, config: str) -> bool:
        """Whether an endpoint with this configuration is one that the relay made."""
        return any(generation.config == config for generation in self.made)

    def has_handled(self, request_id: str) -> bool:
        return request_id in self.handled

    @property
    def goes_back(self) -> bool:
        """Whether CloudFormation takes a failed update back, which must succeed."""
        recipe = self.target and self.recipes.get(self.target.generation.config)
        return bool(self.begun_request and recipe and recipe.stack == self.succeeded)

    def is_awaited(self, now: datetime) -> bool:
        """Whether a request or a roll-out waits for the next step, and has a deadline."""
        roll_out = self.roll_out if self.goal is Goal.SERVE else None
        in_time = roll_out is not None and now < roll_out.decided_by()
        return bool(self.pending or self.response or in_time)

    def is_patient(self, now: datetime) -> bool:
        """Whether a permission that AWS denies may still be on its way."""
        patience = _REMOVAL_PATIENCE if self.goal is Goal.REMOVE else PROPAGATION
        return now < (self.refused_since or now) + patience

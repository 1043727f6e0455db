"""What is remembered about an endpoint between two wake-ups. One item of the ledger table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Self

from relay.provisioning.specification import Generation, Specification

# CloudFormation waits an hour at most (ServiceTimeout): the answer is decided, and then repeated
# if it cannot be delivered, within that hour.
DECIDE_WITHIN: Final = timedelta(minutes=52)
DELIVER_WITHIN: Final = timedelta(minutes=60)
# Rights that were granted a moment ago take a while to reach every part of AWS.
PROPAGATION: Final = timedelta(minutes=3)

# The generation in service and the one before it, for a way back.
_KEPT: Final = 2
# Lambda repeats an event for six hours at most; a request is recognised again for as many requests.
_REMEMBERED: Final = 20


class RequestType(Enum):
    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class Goal(Enum):
    """Where the machine is going."""

    SERVE = "serve"  # the target in service
    REMOVE = "remove"  # neither endpoint nor anything that was made for it
    REST = "rest"  # nowhere; what is left is to answer and to collect what is unused


@dataclass(frozen=True, slots=True)
class Waiting:
    """CloudFormation, waiting for one answer. `response_url` is a secret: it is never logged."""

    type: RequestType
    request_id: str
    response_url: str
    stack_id: str
    logical_resource_id: str
    physical_resource_id: str
    since: datetime

    def decided_by(self) -> datetime:
        return self.since + DECIDE_WITHIN

    def delivered_by(self) -> datetime:
        return self.since + DELIVER_WITHIN

    def patient_until(self) -> datetime:
        return self.since + PROPAGATION


@dataclass(frozen=True, slots=True)
class Attempt:
    """CreateEndpoint or UpdateEndpoint was called for this configuration.

    `last_modified` is the endpoint's before the call: an old configuration in service means a
    rollback only once this has changed.
    """

    config: str
    last_modified: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """Immutable; every transition is a method that returns the next record."""

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
    attempt: Attempt | None = None
    waiting: Waiting | None = None
    # Why the waiting request fails. Kept from the moment it is known until it is answered.
    failure: str = ""
    # Newest first: in service, then the one before.
    generations: tuple[Generation, ...] = ()
    unused: tuple[Generation, ...] = ()
    # Names that the endpoint had before and whose records the sweep must look at as well.
    former_names: tuple[str, ...] = ()
    handled: tuple[str, ...] = ()
    # Counts the writes; 0 is a record that was never written.
    version: int = 0

    @property
    def settled(self) -> bool:
        return self.goal is Goal.REST and self.waiting is None and not self.unused

    @property
    def empty(self) -> bool:
        """Whether nothing of the endpoint is left, so that the record may expire."""
        return self.settled and not self.generations and not self.former_names

    @property
    def made(self) -> tuple[Generation, ...]:
        """Everything the relay made for this endpoint and may delete again."""
        return self.generations + self.unused

    def owns(self, config: str) -> bool:
        """Whether an endpoint with this configuration is one that the relay made."""
        return any(generation.config == config for generation in self.made)

    def has_handled(self, request_id: str) -> bool:
        return request_id in self.handled

    def next_version(self) -> Self:
        return replace(self, version=self.version + 1)

    # --- a request arrives -----------------------------------------------------------------------

    def accept(self, waiting: Waiting, known: Iterable[Generation] = ()) -> Self:
        """Replaces whatever was waiting: CloudFormation asks again only when it has given that up.

        `known` are generations that the request itself tells of, in case the record was lost.
        """
        made = {generation.config for generation in self.made}
        found = tuple(generation for generation in known if generation.config not in made)
        return replace(
            self,
            goal=Goal.REST,
            stack_id=self.stack_id or waiting.stack_id,
            target=None,
            creating=False,
            attempt=None,
            waiting=waiting,
            failure="",
            generations=self.generations + found,
            handled=(*self.handled, waiting.request_id)[-_REMEMBERED:],
        )

    def serve(self, target: Specification, *, creating: bool, retain_capacity: bool) -> Self:
        """Heads for the target. Its names are remembered before anything with them is made."""
        generation = target.generation
        generations = self.generations
        if generation not in generations:
            generations = (*generations, generation)
        return replace(
            self,
            goal=Goal.SERVE,
            target=target,
            creating=creating,
            retain_capacity=retain_capacity,
            generations=generations,
        )

    def remove(self) -> Self:
        return replace(self, goal=Goal.REMOVE, target=None, attempt=None)

    # --- steps -----------------------------------------------------------------------------------

    def attempted(self, config: str, last_modified: datetime | None) -> Self:
        return replace(self, attempt=Attempt(config, last_modified))

    def failing(self, reason: str) -> Self:
        """Answers with `reason`, leaving the endpoint as it is; what was made in vain is unused."""
        if self.target is None:
            return replace(self, goal=Goal.REST, failure=self.failure or reason)
        in_vain = self.target.generation
        return replace(
            self,
            goal=Goal.REST,
            target=None,
            failure=self.failure or reason,
            generations=tuple(g for g in self.generations if g != in_vain),
            unused=(*(g for g in self.unused if g != in_vain), in_vain),
        )

    def undoing(self, reason: str) -> Self:
        """Removes what a creation has made so far, and nothing else, and answers with `reason`."""
        made = (self.target.generation,) if self.target else ()
        return replace(self.remove(), failure=self.failure or reason, generations=made, unused=())

    def in_service(self, generation: Generation) -> Self:
        """The target serves: it comes first, the one before it stays, all others are unused."""
        others = tuple(other for other in self.generations if other != generation)
        ordered = (generation, *others)
        return replace(
            self,
            goal=Goal.REST,
            target=None,
            attempt=None,
            generations=ordered[:_KEPT],
            unused=tuple(g for g in self.unused if g != generation) + ordered[_KEPT:],
        )

    def answered(self) -> Self:
        return replace(self, waiting=None, failure="")

    def removed(self) -> Self:
        """Nothing is left but the memory of the requests, in case Lambda repeats one of them."""
        return replace(self, goal=Goal.REST, stack_id="", generations=(), unused=())

    def collected(self, generation: Generation) -> Self:
        return replace(self, unused=tuple(other for other in self.unused if other != generation))

    def linked(self, name: str) -> Self:
        return replace(self, former_names=(*self.former_names, name))

    def unlinked(self, name: str) -> Self:
        return replace(self, former_names=tuple(n for n in self.former_names if n != name))

"""The transitions of what is stored about an endpoint."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from relay.provision.lifecycle.custom_resource import (
    PendingRequest,
    RequestType,
    Response,
    StackChange,
)
from relay.provision.lifecycle.rollouts import (
    EndedRollOut,
    Recipe,
    RollOut,
    RollOutKind,
    RollOutOutcome,
)
from relay.provision.lifecycle.stored_record import ChangeAttempt, Goal, StoredRecord
from relay.provision.specification.existing import Adoption
from relay.provision.specification.scaling import Registration
from relay.provision.specification.specification import Generation, Specification

# The generation in service and the one before it, for a way back.
_KEPT: Final = 2
# Lambda repeats an event for six hours at most; a request is recognised again for as many requests.
_REMEMBERED: Final = 40
# How long DescribeEndpoint may lag behind CreateEndpoint.
VISIBLE_WITHIN: Final = timedelta(minutes=1)
# How many roll-outs `describe` shows.
_HISTORY: Final = 8
_LONGEST_REASON: Final = 2_000


@dataclass(frozen=True, slots=True)
class Record(StoredRecord):
    """Immutable; every transition is a method that returns the next record."""

    def next_version(self) -> Self:
        return replace(self, version=self.version + 1)

    # --- a request arrives -----------------------------------------------------------------------

    def accept(
        self, pending: PendingRequest, known: Iterable[tuple[Generation, Recipe]] = ()
    ) -> Self:
        """Replace the pending request, which CloudFormation has given up when it sends another.

        What SageMaker is changing goes on, or for a roll-out may be changing, as does a removal. A
        roll-out that has not begun is queued again.
        `known` are generations that the request itself names, in case the record was lost.
        """
        made = {generation.config for generation in self.made}
        found = [
            (generation, recipe) for generation, recipe in known if generation.config not in made
        ]
        may_change = self.prepared and self.unfinished is not self.queued
        goes_on = self.under_way or may_change or self.goal is Goal.REMOVE
        record = self if goes_on else self.stepping_back()
        return replace(
            record,
            stack_id=(self.stack_id if self.made else "") or pending.stack_id,
            pending=pending,
            stack_change=None,
            failure="",
            response=None,
            requested_at=max(pending.since, self.requested_at or pending.since),
            refused_since=None,
            resumes_at=None,
            generations=self.generations + tuple(generation for generation, _ in found),
            recipes={**self.recipes, **{made.config: recipe for made, recipe in found}},
        ).remembering(pending.request_id)

    def stepping_back(self) -> Self:
        """What has not begun is no longer the target; a roll-out waits again."""
        return replace(self._without_target(), queued=self.unfinished)

    def inheriting(self, former: StoredRecord) -> Self:
        """Take over from the record of a former name what is not in service there yet."""
        waiting = former.unfinished
        return replace(
            self,
            queued=self.queued.after(waiting) if self.queued else waiting,
            newest_upload=max(self.newest_upload, former.newest_upload),
        )

    def ask(self, change: StackChange) -> Self:
        """What the pending request is about. It begins when nothing else is under way."""
        return replace(self, stack_change=change, adoption=None)

    def turned_down(self, reason: str) -> Self:
        """The pending request fails before it has begun; what is under way goes on."""
        return replace(self, stack_change=None, failure=self.failure or reason)

    def queue(self, roll_out: RollOut, now: datetime) -> Self:
        """Replace the queued roll-out, which ends as overtaken."""
        overtaken = self.queued
        waiting = replace(self, queued=roll_out.after(overtaken), resumes_at=None)
        record = waiting.remembering(roll_out.id)
        if overtaken is None:
            return record
        return record.ended(overtaken, RollOutOutcome.OVERTAKEN, now, f"by {roll_out.asked_by}")

    def remembering(self, request_id: str) -> Self:
        return replace(self, handled=(*self.handled, request_id)[-_REMEMBERED:])

    # --- steps -----------------------------------------------------------------------------------

    def serve(
        self,
        target: Specification,
        recipe: Recipe,
        roll_out: RollOut,
        *,
        creating: bool = False,
        retain_capacity: bool = True,
    ) -> Self:
        """Set the goal to serve. The target's names are stored before they are used."""
        return replace(
            self,
            goal=Goal.SERVE,
            target=target,
            creating=creating,
            retain_capacity=retain_capacity,
            attempt=None,
            roll_out=roll_out,
            stack_change=None if roll_out.kind is RollOutKind.STACK else self.stack_change,
            queued=None if self.queued and self.queued.id == roll_out.id else self.queued,
            recipes={**self.recipes, target.generation.config: recipe},
        )

    def remove(self, now: datetime, why: str) -> Self:
        """Set the goal to remove; roll-outs that have not ended are overtaken."""
        record = self._giving_up_roll_outs(now, why)
        unseen_until = now + VISIBLE_WITHIN if self.prepared else self.unseen_until
        return replace(record, goal=Goal.REMOVE, unseen_until=unseen_until)

    def given_up(self, now: datetime) -> Self:
        """Remove the endpoint of a rename that CloudFormation has cancelled, without a response."""
        record = replace(self.unanswered(), response=None)
        return record.remove(now, "CloudFormation has cancelled the rename")

    def adopt(self, adoption: Adoption, now: datetime) -> Self:
        """Set the goal to adopt: the endpoint is its owner's, and only checked.

        The generations that the relay made of it before stay known, in case they serve again.
        """
        record = self._giving_up_roll_outs(now, "the endpoint is no longer the relay's own")
        return replace(record, goal=Goal.ADOPT, adoption=adoption)

    def adopted(self) -> Self:
        return replace(self, goal=Goal.REST)

    def release(self, now: datetime) -> Self:
        """Respond to a Delete without deleting: the endpoint is not the relay's own."""
        record = self.remove(now, "the stack no longer serves the endpoint")
        return replace(record, adoption=None, generations=(), unused=(), recipes={})

    def _giving_up_roll_outs(self, now: datetime, why: str) -> Self:
        record = self
        for roll_out in (self.roll_out, self.queued):
            if roll_out and roll_out.kind is not RollOutKind.STACK:
                record = record.ended(roll_out, RollOutOutcome.OVERTAKEN, now, why)
        return replace(record._without_target(), stack_change=None, queued=None)

    def attempting(
        self, config: str, last_modified: datetime | None, failure_reason: str = ""
    ) -> Self:
        return replace(self, attempt=ChangeAttempt(config, last_modified, failure_reason))

    def not_accepted(self) -> Self:
        """SageMaker has refused the change."""
        return self if self.under_way else replace(self, attempt=None)

    def called(self, now: datetime) -> Self:
        """SageMaker has accepted the change."""
        if self.attempt is None:
            return self
        return replace(self, attempt=replace(self.attempt, called_at=now))

    def failing(self, reason: str) -> Self:
        """Respond with `reason` and leave the endpoint; what was made for the target is unused."""
        failure = (self.failure or reason) if self.begun_request else self.failure
        return replace(self._without_target(), failure=failure)

    def undoing(self, reason: str, now: datetime) -> Self:
        """Remove only what a creation has made so far, and respond with `reason`.

        A change of the stack that has not begun waits for the removal.
        """
        made = (self.target.generation,) if self.target else ()
        failure = (self.failure or reason) if self.begun_request else self.failure
        removing = self.remove(now, "the endpoint could not be created")
        return replace(
            removing,
            failure=failure,
            stack_change=self.stack_change,
            generations=made,
            unused=(),
        )

    def in_service(self, generation: Generation) -> Self:
        """The generation serves: it comes first, the one before it stays, all others are unused."""
        others = tuple(other for other in self.generations if other != generation)
        ordered = (generation, *others)
        return replace(
            self,
            goal=Goal.REST,
            target=None,
            attempt=None,
            roll_out=None,
            recreating=False,
            generations=ordered[:_KEPT],
            unused=tuple(g for g in self.unused if g != generation) + ordered[_KEPT:],
        )

    def concluded(self, outcome: RollOutOutcome, now: datetime, reason: str = "") -> Self:
        """Add the roll-out under way to the history."""
        return self.ended(self.roll_out, outcome, now, reason) if self.roll_out else self

    def ended(
        self, roll_out: RollOut, outcome: RollOutOutcome, now: datetime, reason: str = ""
    ) -> Self:
        ended = EndedRollOut(roll_out.digested(), outcome, now, reason[:_LONGEST_REASON])
        return replace(self, history=(ended, *self.history)[:_HISTORY])

    def dropping(self, outcome: RollOutOutcome, now: datetime, reason: str) -> Self:
        """The queued roll-out ends before it has begun."""
        if self.queued is None:
            return self
        return replace(self.ended(self.queued, outcome, now, reason), queued=None)

    def decided(self, response: Response) -> Self:
        """Stored before it is delivered: from now on nothing can lead to another response."""
        succeeded = self.serving.stack if self.serving and not response.reason else self.succeeded
        return replace(self.unanswered(), response=response, succeeded=succeeded)

    def unanswered(self) -> Self:
        """The pending request gets no response."""
        return replace(self, pending=None, stack_change=None, failure="")

    def delivered(self) -> Self:
        return replace(self, response=None)

    def refused(self, since: datetime | None, resumes_at: datetime | None = None) -> Self:
        """AWS has refused the next step since then; None: the step before has been taken."""
        return replace(self, refused_since=since, resumes_at=resumes_at)

    def removed(self) -> Self:
        """Nothing is left but the memory of the requests, in case Lambda repeats one of them, and a
        change of the stack that waited."""
        waits = self.pending is not None and self.pending.type is not RequestType.DELETE
        return replace(
            self.cleared(),
            goal=Goal.REST,
            stack_id=self.stack_id if waits else "",
            succeeded={},
            unseen_until=None,
            recreating=False,
        )

    def cleared(self) -> Self:
        """Nothing that was made for the endpoint is left."""
        return replace(self, generations=(), unused=(), recipes={}, registration=Registration())

    def collected(self, generation: Generation) -> Self:
        left = replace(self, unused=tuple(other for other in self.unused if other != generation))
        kept = {made.config for made in left.made}
        return replace(left, recipes={c: r for c, r in self.recipes.items() if c in kept})

    def linked(self, names: Iterable[str]) -> Self:
        return replace(self, former_names=tuple(dict.fromkeys((*self.former_names, *names))))

    def unlinked(self, name: str) -> Self:
        return replace(self, former_names=tuple(n for n in self.former_names if n != name))

    def _without_target(self) -> Self:
        """At rest. What was made for the target, or is being made, is unused unless it served."""
        made = tuple(made for made in self.made if made not in self.generations)
        return replace(self, goal=Goal.REST, target=None, attempt=None, roll_out=None, unused=made)

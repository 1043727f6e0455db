"""The endpoint's life as one idempotent state machine over what DescribeEndpoint says.

`advance` takes as many steps as it can without waiting and leaves the rest to the next wake-up.
Every step is safe to repeat: intentions are stored before anything is made, answers are sent
before they are forgotten.

The steps are next door, by what they are for: `turns` (what begins next), `serving` (create,
update, in service), `attaching` (scaling), `removal`, `collection` (models and configurations that
nothing uses), `answering`.

    step                       is the place for
    `Lifecycle._step`          what is decided by the target's kind: an endpoint that is only
                               looked at (an existing one) branches off before `serving`
    `Serving._arrive`          what an endpoint in service has besides (scaling), before the answer
    `Removal.delete_endpoint`  what must be gone before an endpoint is deleted or made anew
"""

from typing import Final

from relay.errors import AccessDenied, PermanentError, TransientError
from relay.ports import Clock
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.adopt import Adopting
from relay.provision.lifecycle.begin import Resolve, Turns
from relay.provision.lifecycle.ports import (
    AnswerNotDelivered,
    Autoscaler,
    ControlPlane,
    Journal,
    Outdated,
    Postman,
    WaitingRoom,
)
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.remove import Collection, Removal
from relay.provision.lifecycle.respond import Answering
from relay.provision.lifecycle.scale import Attaching
from relay.provision.lifecycle.serve import Serving
from relay.provision.lifecycle.step import Next, Surroundings

# More than any path through the machine takes; an endless one would be our mistake, not a long
# bill.
_MOST_STEPS: Final = 20


class Lifecycle:
    """Brings endpoints where their records say they should be."""

    def __init__(
        self,
        control_plane: ControlPlane,
        autoscaler: Autoscaler,
        waiting_room: WaitingRoom,
        postman: Postman,
        clock: Clock,
        journal: Journal,
        resolve: Resolve,
    ) -> None:
        self._room = waiting_room
        self._around = Surroundings(control_plane, autoscaler, postman, clock, journal)
        self._answering = Answering(self._around)
        self._attaching = Attaching(self._around)
        self._adopting = Adopting(self._around, self._answering)
        self._collection = Collection(self._around)
        self._removal = Removal(self._around, self._answering, self._attaching, self._collection)
        self._turns = Turns(self._around, resolve)
        self._serving = Serving(self._around, self._answering, self._attaching, self._removal)

    def advance(self, endpoint_name: str) -> None:
        """Takes every step that can be taken now.

        Raises:
            TransientError: something did not work now; the next wake-up tries again.
            PermanentError: something will not work and nobody waits who could be told.
        """
        record = self._room.load(endpoint_name)
        for _ in range(_MOST_STEPS):
            if record is None or record.settled:
                return
            following = self._attempt_step(record)
            if following is None:
                return
            try:
                record = self._room.save(following.record)
            except Outdated:
                # Another invocation is ahead of this one and goes on by itself.
                self._around.note("another invocation is at work", record)
                return
            except (AccessDenied, PermanentError) as error:
                if not following.farewell:
                    raise
                self._around.note(f"the stack is being taken away: {error}", record)
                return
            if following.pause:
                return
        raise RuntimeError(f"the life of {endpoint_name} does not settle: this is a defect")

    def look(self, endpoint_name: str) -> tuple[str, ...]:
        """What is wrong with an endpoint that the relay serves but has not made; also logged."""
        record = self._room.load(endpoint_name)
        if record is None or record.adoption is None or not record.settled:
            return ()
        endpoint = self._around.sagemaker.describe(endpoint_name)
        return self._adopting.look(record, record.adoption, endpoint)

    def _attempt_step(self, record: Record) -> Next | None:
        """One step; an error that no further wake-up can mend becomes the answer."""
        now, waiting = self._around.clock.now(), record.waiting
        if waiting and now >= waiting.delivered_by():
            return self._answering.nobody_waits(record, waiting)
        if waiting and record.stack_change and now >= waiting.decided_by():
            return self._answering.give_up(record, messages.never_its_turn(record.endpoint_name))
        # Whose patience it is that an error tries.
        patience = record.asker or (record.roll_out if record.goal is Goal.SERVE else None)
        try:
            return self._step(record)
        except AnswerNotDelivered:
            raise
        except AccessDenied as error:
            if patience is None or now < patience.patient_until() or self._unstoppable(record):
                raise
            return self._answering.give_up(record, str(error))
        except TransientError as error:
            if patience is None or now < patience.decided_by() or self._unstoppable(record):
                raise
            return self._answering.give_up(record, f"gave up after repeated attempts: {error}")
        except PermanentError as error:
            if patience is None:
                raise
            return self._answering.give_up(record, str(error))

    def _unstoppable(self, record: Record) -> bool:
        """SageMaker is at work and nobody has to be answered: it will be known how it ends."""
        return record.under_way and record.asker is None

    def _step(self, record: Record) -> Next | None:
        if record.waiting and record.failure and record.goal is not Goal.REMOVE:
            return self._answering.failure(record, record.waiting)
        if record.goal is Goal.REST and (record.stack_change or record.queued):
            return self._turns.step(record)
        if record.goal is Goal.REMOVE and not record.made:
            return self._answering.removed(record)
        endpoint = self._around.sagemaker.describe(record.endpoint_name)
        if record.goal is Goal.SERVE and record.target:
            return self._serving.step(record, record.target, endpoint)
        if record.goal is Goal.ADOPT and record.adoption:
            return self._adopting.step(record, record.adoption, endpoint)
        if record.goal is Goal.REMOVE:
            return self._removal.step(record, endpoint)
        restored = self._attaching.restore(record, endpoint)
        return restored or self._collection.step(record, endpoint)

"""The loop through the endpoint's life: one idempotent state machine over DescribeEndpoint.

`table` has the steps; here are deadlines, errors, and the record that is stored after each step.
"""

from typing import Final

from relay.errors import AccessDenied, PermanentError, TransientError
from relay.provision.lifecycle import messages, respond
from relay.provision.lifecycle.ports import (
    Context,
    Next,
    Outdated,
    RecordStore,
    ResponseNotDelivered,
)
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.table import next_step

# More than any path through the table takes, so that a bug does not loop until the timeout.
_MOST_STEPS: Final = 20


class Lifecycle:
    """Takes the steps that lead an endpoint to the goal of its record."""

    def __init__(self, context: Context, store: RecordStore) -> None:
        self._context = context
        self._store = store

    def advance(self, endpoint_name: str) -> None:
        """Take every step that can be taken now.

        Raises:
            TransientError: a step failed for now; the next invocation tries again.
            PermanentError: a step can never succeed, and no request waits for a response.
        """
        record = self._store.load(endpoint_name)
        for _ in range(_MOST_STEPS):
            if record is None or record.settled:
                return
            following = self._step(record)
            if following is None:
                return
            try:
                record = self._store.save(following.record)
            except Outdated:
                # The other invocation goes on.
                self._context.note("another invocation is at work", record)
                return
            except (AccessDenied, PermanentError) as error:
                if not following.farewell:
                    raise
                self._context.note(f"the stack is being deleted: {error}", record)
                return
            if following.pause:
                return
        raise RuntimeError(f"{endpoint_name} did not converge in {_MOST_STEPS} steps (bug)")

    def look(self, endpoint_name: str) -> tuple[str, ...]:
        """Return what is wrong with an existing endpoint that the relay serves, and log it."""
        record = self._store.load(endpoint_name)
        if record is None or record.adoption is None or not record.settled:
            return ()
        endpoint = self._context.sagemaker.describe(endpoint_name)
        return respond.existing_problems(self._context, record, record.adoption, endpoint)

    def _step(self, record: Record) -> Next | None:
        """Take one step; an error that lasts becomes the response."""
        context = self._context
        now, pending = context.clock.now(), record.pending
        if pending and now >= pending.delivered_by():
            return respond.timed_out(context, record, pending)
        if pending and record.stack_change and now >= pending.decided_by():
            reason = messages.never_its_turn(record.endpoint_name)
            return respond.give_up(context, record, reason)
        # Whose deadlines decide how long errors are retried.
        patience = record.begun_request or (record.roll_out if record.goal is Goal.SERVE else None)
        try:
            return next_step(context, record)
        except ResponseNotDelivered:
            raise
        except AccessDenied as error:
            if patience is None or now < patience.patient_until() or _unstoppable(record):
                raise
            return respond.give_up(context, record, str(error))
        except TransientError as error:
            if patience is None or now < patience.decided_by() or _unstoppable(record):
                raise
            reason = f"gave up after repeated attempts: {error}"
            return respond.give_up(context, record, reason)
        except PermanentError as error:
            if patience is None:
                raise
            return respond.give_up(context, record, str(error))


def _unstoppable(record: Record) -> bool:
    """SageMaker is at work and no request waits for a response: how it ends will be seen."""
    return record.under_way and record.begun_request is None

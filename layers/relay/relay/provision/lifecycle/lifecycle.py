"""The loop through the endpoint's life: one idempotent state machine over DescribeEndpoint.

`table` has the steps; here are deadlines, errors, and the record that is stored after each step.
"""

from datetime import timedelta
from typing import Final

from relay.errors import AccessDenied, PermanentError, RelayError, TransientError
from relay.provision.lifecycle import messages, respond
from relay.provision.lifecycle.ports import (
    Context,
    Lease,
    Next,
    Outdated,
    RecordStore,
    ResponseNotDelivered,
)
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import DECIDE_WITHIN, RollOutKind
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.lifecycle.table import next_step

# More than any path through the table takes, so that a bug does not loop until the timeout.
_MOST_STEPS: Final = 20
# A step for which no request waits is tried at each invocation for so long, and then rarely.
_TRIED_OFTEN: Final = timedelta(minutes=10)
_TRIED_EVERY: Final = timedelta(minutes=15)


class Lifecycle:
    """Takes the steps that lead an endpoint to the goal of its record."""

    def __init__(self, context: Context, store: RecordStore) -> None:
        self._context = context
        self._store = store

    def advance(self, endpoint_name: str, *, rested: bool = False) -> None:
        """Take every step that can be taken now, unless another invocation does.

        `rested`: also one that AWS has refused for long.

        Raises:
            TransientError: a step failed for now; the next invocation tries again.
            PermanentError: a step can never succeed, and no request waits for a response.
        """
        record = self._store.load(endpoint_name)
        while record and not record.settled and (rested or not self._rests(record)):
            lease = self._store.lease(endpoint_name)
            if lease is None:
                self._context.note("another invocation is at work", record)
                return
            try:
                record = self._take_steps(lease.record)
            finally:
                version = self._release(lease)
            if record is None or version in (None, record.version):
                return
            # A request was stored meanwhile, and its invocation left it to this one.
            record = self._store.load(endpoint_name)

    def _take_steps(self, record: Record) -> Record | None:
        """Return the record as it was last seen; None where the table may be gone."""
        for _ in range(_MOST_STEPS):
            if record.settled:
                return record
            following = self._step_or_remember_refusal(record)
            if following is None and record.refused_since is None:
                return record
            following = following or Next(record, pause=True)
            try:
                record = self._store.save(following.record.refused(None))
            except Outdated:
                # A request was stored meanwhile. Every step is safe to repeat.
                newer = self._store.load(record.endpoint_name)
                if newer is None:
                    return None
                record = newer
                continue
            except (AccessDenied, PermanentError) as error:
                if not following.farewell:
                    raise
                self._context.note(f"the stack is being deleted: {error}", record)
                return None
            if following.pause:
                return record
        raise RuntimeError(f"{record.endpoint_name} did not converge in {_MOST_STEPS} steps (bug)")

    def _rests(self, record: Record) -> bool:
        return bool(record.resumes_at and self._context.clock.now() < record.resumes_at)

    def _step_or_remember_refusal(self, record: Record) -> Next | None:
        try:
            return self._step(record)
        except RelayError as error:
            self._remember(record, error)
            raise

    def _remember(self, record: Record, error: RelayError) -> None:
        """Store since when the step is refused; where no request waits, it rests after a while."""
        now = self._context.clock.now()
        since, awaited = record.refused_since or now, record.is_awaited(now)
        rests = not awaited and now >= since + _TRIED_OFTEN
        first = record.refused_since is None and (isinstance(error, AccessDenied) or not awaited)
        if first or rests:
            self._store.save(record.refused(since, now + _TRIED_EVERY if rests else None))
        if rests:
            reason = messages.not_finished(record, error, now - since)
            self._context.note(reason, record, error=True)

    def _release(self, lease: Lease) -> int | None:
        """Return the version of the record; None where it is unknown."""
        try:
            return self._store.release(lease)
        except RelayError as error:
            self._context.note(f"the lease ends by itself: {error}", lease.record)
            return None

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
            waited = pending.decided_by() - pending.since
            reason = messages.never_its_turn(record.endpoint_name, waited)
            return respond.give_up(context, record, reason)
        # Whose deadlines decide how long errors are retried.
        patience = record.begun_request or (record.roll_out if record.goal is Goal.SERVE else None)
        try:
            return next_step(context, record)
        except ResponseNotDelivered:
            raise
        except AccessDenied as error:
            waited = now - (record.refused_since or now)
            if patience is None or record.is_patient(now) or _unstoppable(record):
                raise
            reason = messages.given_up(record, error, waited)
            return respond.give_up(context, record.not_accepted(), reason)
        except TransientError as error:
            if patience is None or now < patience.decided_by() or _unstoppable(record):
                raise
            reason = messages.given_up(record, error, DECIDE_WITHIN)
            return respond.give_up(context, record, reason)
        except PermanentError as error:
            if patience is None or _is_last_resort(record):
                raise
            reason = messages.given_up(record, error, timedelta(0))
            return respond.give_up(context, record.not_accepted(), reason)


def _is_last_resort(record: Record) -> bool:
    """There is no endpoint, and what served before is to be created again."""
    repairs = record.roll_out is not None and record.roll_out.kind is RollOutKind.REPAIR
    return record.recreating and repairs and record.begun_request is None


def _unstoppable(record: Record) -> bool:
    """No request waits for a response, and either SageMaker is at work, so that the end will be
    seen, or there is no endpoint, which must not stay so."""
    return record.begun_request is None and (record.under_way or record.recreating)

"""Steps that tell CloudFormation how its request ended, or put that off."""

from relay.provision.endpoint import Endpoint
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.pending_request import Waiting
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.responses import Answer
from relay.provision.lifecycle.rollouts import Kind, Outcome
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification.specification import Generation


class Answering:
    """Answers whoever waits. An answer is sent before it is forgotten, so it may be sent again."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def success(self, record: Record, generation: Generation, endpoint: Endpoint) -> Next:
        asker = record.asker
        if asker:
            self._deliver(Answer.in_service(asker, endpoint, generation), record, endpoint)
        roll_out, now = record.roll_out, self._around.clock.now()
        if roll_out and roll_out.changes_what_serves:
            record = record.concluded(Outcome.SUCCEEDED, now)
        elif roll_out and roll_out.kind is not Kind.STACK:
            record = record.concluded(Outcome.UNCHANGED, now, "it served already")
        if roll_out and not asker:
            self._around.note(f"{roll_out.asked_by}: in service", record, endpoint)
        record = record.in_service(generation)
        return Next(record.answered() if asker else record)

    def adopted(self, record: Record, endpoint: Endpoint) -> Next:
        """Somebody else's endpoint is what it must be."""
        if record.waiting:
            self._deliver(Answer.adopted(record.waiting, endpoint), record, endpoint)
        return Next(record.answered().adopted())

    def failure(self, record: Record, waiting: Waiting) -> Next:
        self._deliver(Answer.failed(waiting, record.failure), record)
        # Where scaling is to be taken back, CloudFormation's own request to do so is on its way.
        return Next(record.answered(), pause=not record.registration.sure)

    def removed(self, record: Record) -> Next:
        """Everything is gone: the end of a Delete, or of a creation that was undone."""
        if record.waiting and record.failure:
            self._deliver(Answer.failed(record.waiting, record.failure), record)
        elif record.waiting:
            self._deliver(Answer.removed(record.waiting), record)
        return Next(record.answered().removed(), farewell=record.waiting is not None)

    def nobody_waits(self, record: Record, waiting: Waiting) -> Next:
        """CloudFormation's hour is over; no answer can reach it."""
        self._around.note(
            f"nobody waits any more for {waiting.type.value} {waiting.request_id}: dropped",
            record,
            alarming=True,
        )
        if record.goal is Goal.SERVE and record.creating:
            # CloudFormation counts a Create without an answer as failed: nobody owns it.
            record = record.undoing("nobody waits for the endpoint", self._around.clock.now())
        return Next(record.answered())

    def wait(self, record: Record, endpoint: Endpoint) -> Next | None:
        """Leaves it to the next wake-up, unless CloudFormation has waited long enough.

        A roll-out has as long as SageMaker takes: its deployment has a limit of its own.
        """
        waiting = record.waiting
        self._around.note("waiting", record, endpoint)
        if waiting is None or self._around.clock.now() < waiting.decided_by():
            return None
        waited = waiting.decided_by() - waiting.since
        return self.give_up(record, messages.too_late(record.endpoint_name, endpoint, waited))

    def give_up(self, record: Record, reason: str) -> Next:
        """Answers as soon as it can be answered; a creation is undone first where there is time."""
        now, waiting = self._around.clock.now(), record.waiting
        if waiting and record.stack_change and now >= waiting.decided_by():
            return Next(record.turned_down(reason))
        if record.goal is Goal.SERVE and record.creating:
            return Next(record.concluded(Outcome.FAILED, now, reason).undoing(reason, now))
        if record.goal is Goal.REMOVE and waiting and now >= waiting.decided_by():
            self._deliver(Answer.failed(waiting, record.failure or reason), record)
            return Next(record.answered())  # and the removal goes on
        return self.fail(record, reason)

    def fail(self, record: Record, reason: str) -> Next:
        """What is in hand will not come into service; what served before is left as it is."""
        if record.roll_out and not record.asker:
            asked_by = record.roll_out.asked_by
            self._around.note(f"{asked_by}: failed: {reason}", record, alarming=True)
        now = self._around.clock.now()
        return Next(record.concluded(Outcome.FAILED, now, reason).failing(reason))

    def _deliver(self, answer: Answer, record: Record, endpoint: Endpoint | None = None) -> None:
        self._around.postman.deliver(answer)
        verdict = f"FAILED: {answer.reason}" if answer.reason else "SUCCESS"
        self._around.note(f"answered {answer.waiting.type.value} with {verdict}", record, endpoint)

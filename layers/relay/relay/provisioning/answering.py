"""Steps that tell CloudFormation how its request ended, or put that off."""

from relay.provisioning import reasons
from relay.provisioning.answers import Answer
from relay.provisioning.endpoint import Endpoint
from relay.provisioning.record import Goal, Record, Waiting
from relay.provisioning.specification import Generation
from relay.provisioning.steps import Next, Surroundings


class Answering:
    """Answers whoever waits. An answer is sent before it is forgotten, so it may be sent again."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def success(self, record: Record, generation: Generation, endpoint: Endpoint) -> Next:
        if record.waiting:
            answer = Answer.in_service(record.waiting, endpoint, generation)
            self._deliver(answer, record, endpoint)
        return Next(record.in_service(generation).answered())

    def failure(self, record: Record, waiting: Waiting) -> Next:
        self._deliver(Answer.failed(waiting, record.failure), record)
        return Next(record.answered())

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
            record = record.undoing("nobody waits for the endpoint")
        return Next(record.answered())

    def wait(self, record: Record, endpoint: Endpoint) -> Next | None:
        """Leaves it to the next wake-up, unless CloudFormation has waited long enough."""
        waiting = record.waiting
        self._around.note("waiting", record, endpoint)
        if waiting is None or self._around.clock.now() < waiting.decided_by():
            return None
        waited = waiting.decided_by() - waiting.since
        return self.give_up(
            record, waiting, reasons.too_late(record.endpoint_name, endpoint, waited)
        )

    def give_up(self, record: Record, waiting: Waiting, reason: str) -> Next:
        """Answers as soon as it can be answered; a creation is undone first where there is time."""
        if record.goal is Goal.SERVE and record.creating:
            return Next(record.undoing(reason))
        if record.goal is Goal.REMOVE and self._around.clock.now() >= waiting.decided_by():
            self._deliver(Answer.failed(waiting, record.failure or reason), record)
            return Next(record.answered())  # and the removal goes on
        return Next(record.failing(reason))

    def _deliver(self, answer: Answer, record: Record, endpoint: Endpoint | None = None) -> None:
        self._around.postman.deliver(answer)
        verdict = f"FAILED: {answer.reason}" if answer.reason else "SUCCESS"
        self._around.note(f"answered {answer.waiting.type.value} with {verdict}", record, endpoint)

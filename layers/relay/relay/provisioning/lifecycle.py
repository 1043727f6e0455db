"""The endpoint's life as one idempotent state machine over what DescribeEndpoint says.

`advance` takes as many steps as it can without waiting and leaves the rest to the next wake-up.
Every step is safe to repeat: intentions are stored before anything is made, answers are sent
before they are forgotten.
"""

from dataclasses import dataclass
from typing import Final

from relay.errors import AccessDenied, PermanentError, TransientError
from relay.ports import Clock
from relay.provisioning import reasons
from relay.provisioning.answers import Answer
from relay.provisioning.endpoint import Endpoint, EndpointStatus
from relay.provisioning.ports import (
    AnswerNotDelivered,
    ControlPlane,
    Journal,
    Outdated,
    Postman,
    WaitingRoom,
)
from relay.provisioning.record import Goal, Record, Waiting
from relay.provisioning.specification import Generation, Specification
from relay.report import Level, Note

# More than any path through the machine takes; an endless one would be our mistake, not a long
# bill.
_MOST_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class _Next:
    """The record after a step.

    `pause`: only time can bring the next one. `farewell`: CloudFormation has been told that
    everything is gone, and may take away the function's table and rights at any moment.
    """

    record: Record
    pause: bool = False
    farewell: bool = False


class Lifecycle:
    """Brings endpoints where their records say they should be."""

    def __init__(
        self,
        control_plane: ControlPlane,
        waiting_room: WaitingRoom,
        postman: Postman,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._sagemaker = control_plane
        self._room = waiting_room
        self._postman = postman
        self._clock = clock
        self._journal = journal

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
                self._note("another invocation is at work", record)
                return
            except (AccessDenied, PermanentError) as error:
                if not following.farewell:
                    raise
                self._note(f"the stack is being taken away: {error}", record)
                return
            if following.pause:
                return
        raise RuntimeError(f"the life of {endpoint_name} does not settle: this is a defect")

    def _attempt_step(self, record: Record) -> _Next | None:
        """One step; an error that no further wake-up can mend becomes the answer."""
        now, waiting = self._clock.now(), record.waiting
        if waiting and now >= waiting.delivered_by():
            self._note(
                f"nobody waits any more for {waiting.type.value} {waiting.request_id}: dropped",
                record,
                alarming=True,
            )
            if record.goal is Goal.SERVE and record.creating:
                # CloudFormation counts a Create without an answer as failed: nobody owns it.
                record = record.undoing("nobody waits for the endpoint")
            return _Next(record.answered())
        try:
            return self._step(record)
        except AnswerNotDelivered:
            raise
        except AccessDenied as error:
            if waiting is None or now < waiting.patient_until():
                raise
            return self._give_up(record, waiting, str(error))
        except TransientError as error:
            if waiting is None or now < waiting.decided_by():
                raise
            return self._give_up(record, waiting, f"gave up after repeated attempts: {error}")
        except PermanentError as error:
            if waiting is None:
                raise
            return self._give_up(record, waiting, str(error))

    def _step(self, record: Record) -> _Next | None:
        if record.goal is Goal.REST and record.waiting:
            return self._answer_failure(record, record.waiting)
        if record.goal is Goal.REMOVE and not record.made:
            return self._removed(record)
        endpoint = self._sagemaker.describe(record.endpoint_name)
        if record.goal is Goal.SERVE and record.target:
            return self._serve(record, record.target, endpoint)
        if record.goal is Goal.REMOVE:
            return self._remove(record, endpoint)
        return self._collect(record, endpoint)

    # --- towards service -------------------------------------------------------------------------

    def _serve(self, record: Record, target: Specification, endpoint: Endpoint) -> _Next | None:
        config = target.generation.config
        attempt = record.attempt if record.attempt and record.attempt.config == config else None
        if endpoint.status is EndpointStatus.ABSENT:
            return self._create(record, target, endpoint)
        if endpoint.status is EndpointStatus.DELETING:
            return self._wait(record, endpoint)
        if not record.owns(endpoint.config) or (record.creating and endpoint.config != config):
            return self._refuse(record, endpoint)
        if endpoint.status.changing:
            return self._wait(record, endpoint)
        if endpoint.status is EndpointStatus.FAILED and not attempt and not record.creating:
            # It failed before this update, and a failed endpoint can only be deleted: made anew.
            return self._delete_endpoint(record, endpoint)
        if endpoint.config == config and endpoint.status is EndpointStatus.IN_SERVICE:
            return self._answer_success(record, target.generation, endpoint)
        if endpoint.config == config or endpoint.status is EndpointStatus.FAILED:
            return self._fail(record, endpoint)
        if attempt is None:
            return self._update(record, target, endpoint)
        if attempt.last_modified == endpoint.last_modified:
            return self._wait(record, endpoint)  # SageMaker has not begun yet
        return self._fail(record, endpoint)

    def _create(self, record: Record, target: Specification, endpoint: Endpoint) -> _Next:
        if record.waiting and record.creating:
            self._check_former_name(record.waiting, target)
        self._sagemaker.create_model(target)
        self._sagemaker.create_config(target)
        self._sagemaker.create_endpoint(target)
        self._note(f"creating with {target.generation.config}", record, endpoint)
        return _Next(record.attempted(target.generation.config, None), pause=True)

    def _check_former_name(self, waiting: Waiting, target: Specification) -> None:
        """CloudFormation deletes the endpoint of a former name once the new one serves.

        Better no new endpoint than an old one that nobody may delete and everybody forgets.
        """
        former_name = waiting.physical_resource_id
        if former_name == target.endpoint_name:
            return
        try:
            self._sagemaker.describe(former_name)
        except AccessDenied as error:
            raise AccessDenied(reasons.former_name_out_of_reach(former_name, error)) from error

    def _update(self, record: Record, target: Specification, endpoint: Endpoint) -> _Next:
        self._sagemaker.create_model(target)
        self._sagemaker.create_config(target)
        self._sagemaker.update_endpoint(target, retain_capacity=record.retain_capacity)
        self._note(
            f"updating from {endpoint.config} to {target.generation.config}", record, endpoint
        )
        # Marked after the call: a crash in between repeats the update, which does no harm, where
        # marking first could take an update that never began for one that was rolled back.
        return _Next(record.attempted(target.generation.config, endpoint.last_modified), pause=True)

    def _refuse(self, record: Record, endpoint: Endpoint) -> _Next:
        """Neither adopts nor touches an endpoint that the relay did not make."""
        self._note(f"refused: {endpoint.config} is not ours", record, endpoint, alarming=True)
        return _Next(record.failing(reasons.not_ours(endpoint)))

    def _fail(self, record: Record, endpoint: Endpoint) -> _Next:
        cause = endpoint.failure_reason
        self._note(f"did not come into service: {cause}", record, endpoint, alarming=True)
        if record.creating:
            return _Next(record.undoing(reasons.not_created(endpoint)))
        return _Next(record.failing(reasons.not_updated(endpoint)))

    # --- towards nothing -------------------------------------------------------------------------

    def _remove(self, record: Record, endpoint: Endpoint) -> _Next | None:
        ours = record.owns(endpoint.config)
        if endpoint.status is not EndpointStatus.ABSENT and ours:
            if endpoint.status.changing:
                return self._wait(record, endpoint)
            return self._delete_endpoint(record, endpoint)
        if endpoint.status is not EndpointStatus.ABSENT:
            self._note(
                f"left alone: {endpoint.config} is not ours", record, endpoint, alarming=True
            )
        for generation in record.made:
            self._delete_generation(generation, keep=())
        self._note("removed", record, endpoint)
        return self._removed(record)

    def _removed(self, record: Record) -> _Next:
        if record.waiting and record.failure:
            self._deliver(Answer.failed(record.waiting, record.failure), record)
        elif record.waiting:
            self._deliver(Answer.removed(record.waiting), record)
        return _Next(record.answered().removed(), farewell=record.waiting is not None)

    def _delete_endpoint(self, record: Record, endpoint: Endpoint) -> _Next:
        self._sagemaker.delete_endpoint(endpoint.name)
        self._note("deleting", record, endpoint)
        return _Next(record, pause=True)

    def _collect(self, record: Record, endpoint: Endpoint) -> _Next | None:
        """Deletes what no longer serves, one generation a step."""
        idle = endpoint.status in (EndpointStatus.IN_SERVICE, EndpointStatus.ABSENT)
        if not idle:
            return None  # whatever it is doing may still need them
        generation = record.unused[0]
        if generation.config == endpoint.config:
            # An update that came through after CloudFormation had stopped waiting for it.
            return _Next(record.in_service(generation))
        self._delete_generation(generation, keep=record.generations)
        self._note(f"collected {generation.config}", record, endpoint)
        return _Next(record.collected(generation))

    def _delete_generation(self, generation: Generation, keep: tuple[Generation, ...]) -> None:
        if generation.config not in {kept.config for kept in keep}:
            self._sagemaker.delete_config(generation.config)
        if generation.model not in {kept.model for kept in keep}:
            self._sagemaker.delete_model(generation.model)

    # --- answers ---------------------------------------------------------------------------------

    def _answer_success(self, record: Record, generation: Generation, endpoint: Endpoint) -> _Next:
        if record.waiting:
            answer = Answer.in_service(record.waiting, endpoint, generation)
            self._deliver(answer, record, endpoint)
        return _Next(record.in_service(generation).answered())

    def _answer_failure(self, record: Record, waiting: Waiting) -> _Next:
        self._deliver(Answer.failed(waiting, record.failure), record)
        return _Next(record.answered())

    def _deliver(self, answer: Answer, record: Record, endpoint: Endpoint | None = None) -> None:
        self._postman.deliver(answer)
        verdict = f"FAILED: {answer.reason}" if answer.reason else "SUCCESS"
        self._note(f"answered {answer.waiting.type.value} with {verdict}", record, endpoint)

    def _wait(self, record: Record, endpoint: Endpoint) -> _Next | None:
        """Leaves it to the next wake-up, unless CloudFormation has waited long enough."""
        waiting = record.waiting
        self._note("waiting", record, endpoint)
        if waiting is None or self._clock.now() < waiting.decided_by():
            return None
        waited = waiting.decided_by() - waiting.since
        return self._give_up(
            record, waiting, reasons.too_late(record.endpoint_name, endpoint, waited)
        )

    def _give_up(self, record: Record, waiting: Waiting, reason: str) -> _Next:
        """Answers as soon as it can be answered; a creation is undone first where there is time."""
        if record.goal is Goal.SERVE and record.creating:
            return _Next(record.undoing(reason))
        if record.goal is Goal.REMOVE and self._clock.now() >= waiting.decided_by():
            self._deliver(Answer.failed(waiting, record.failure or reason), record)
            return _Next(record.answered())  # and the removal goes on
        return _Next(record.failing(reason))

    def _note(
        self, text: str, record: Record, endpoint: Endpoint | None = None, *, alarming: bool = False
    ) -> None:
        status = endpoint.status.value if endpoint else ""
        level = Level.ERROR if alarming else Level.INFO
        fields = (("endpoint", record.endpoint_name), ("status", status))
        self._journal(Note(level, text, fields))

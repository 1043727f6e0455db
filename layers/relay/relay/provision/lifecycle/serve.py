"""Steps towards the target in service."""

from dataclasses import replace

from relay.errors import AccessDenied
from relay.provision.endpoint import Endpoint, EndpointStatus
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.record import Record, Waiting
from relay.provision.lifecycle.remove import Removal
from relay.provision.lifecycle.respond import Answering
from relay.provision.lifecycle.rollouts import Kind, RollOut
from relay.provision.lifecycle.scale import Attaching
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification.deployment import Deployment
from relay.provision.specification.specification import Specification


class Serving:
    """Creates the endpoint or updates it, and tells what came of it."""

    def __init__(
        self,
        surroundings: Surroundings,
        answering: Answering,
        attaching: Attaching,
        removal: Removal,
    ) -> None:
        self._around = surroundings
        self._answering = answering
        self._attaching = attaching
        self._removal = removal

    def step(self, record: Record, target: Specification, endpoint: Endpoint) -> Next | None:
        config = target.generation.config
        attempt = record.attempt if record.under_way else None
        if endpoint.status is EndpointStatus.ABSENT:
            return self._create(record, target, endpoint)
        if endpoint.status is EndpointStatus.DELETING:
            return self._answering.wait(record, endpoint)
        if not record.owns(endpoint.config) or (record.creating and endpoint.config != config):
            return self._refuse(record, endpoint)
        if endpoint.status.changing:
            return self._answering.wait(record, endpoint)
        if endpoint.config == config and endpoint.status is EndpointStatus.IN_SERVICE:
            return self._arrive(record, target, endpoint)
        if attempt is None and not record.creating:
            return self._begin(record, target, endpoint)
        if attempt and attempt.last_modified == endpoint.last_modified:
            return self._answering.wait(record, endpoint)  # SageMaker has not begun yet
        return self._fail(record, target, endpoint)

    def _arrive(self, record: Record, target: Specification, endpoint: Endpoint) -> Next:
        """The target is in service, however it came to be so, and nobody has been told yet.

        Also reached when nothing but the capacity was to change: what belongs to an endpoint in
        service (its scaling) is brought about here, before the answer and so that it can be
        repeated; what it raises is handled like any other step's error.
        """
        if scaled := self._attaching.bring_about(
            record, target.scaling, target.instance_count, endpoint
        ):
            return scaled
        return self._answering.success(record, target.generation, endpoint)

    def _create(self, record: Record, target: Specification, endpoint: Endpoint) -> Next:
        if record.asker and record.creating:
            self._check_former_name(record.asker, target)
        if record.registration.may_exist and (unsure := self._attaching.about_to_change(record)):
            return unsure  # nobody knows what is left of the endpoint that was here
        self._around.sagemaker.create_model(target)
        self._around.sagemaker.create_config(target)
        self._around.sagemaker.create_endpoint(target)
        self._around.note(f"creating with {target.generation.config}", record, endpoint)
        return Next(record.attempted(target.generation.config, None), pause=True)

    def _check_former_name(self, waiting: Waiting, target: Specification) -> None:
        """CloudFormation deletes the endpoint of a former name once the new one serves.

        Better no new endpoint than an old one that nobody may delete and everybody forgets.
        """
        former_name = waiting.physical_resource_id
        if former_name == target.endpoint_name:
            return
        try:
            self._around.sagemaker.describe(former_name)
        except AccessDenied as error:
            raise AccessDenied(messages.former_name_out_of_reach(former_name, error)) from error

    def _begin(self, record: Record, target: Specification, endpoint: Endpoint) -> Next:
        """Also where the endpoint serves badly, or the same configuration mixed with another."""
        if endpoint.status is EndpointStatus.FAILED:
            # A failed endpoint can only be deleted: it is made anew.
            return self._removal.delete_endpoint(record, endpoint)
        return self._update(record, target, endpoint)

    def _update(self, record: Record, target: Specification, endpoint: Endpoint) -> Next:
        count = _instances_that_go_over(record, target, endpoint)
        deployment = _deployment(target, count)
        if not deployment.suits(count):
            return self._answering.fail(record, messages.too_few_instances(target, count))
        if unsure := self._attaching.detach_if_retyped(record, target, endpoint):
            return unsure
        self._around.sagemaker.create_model(target)
        self._around.sagemaker.create_config(target)
        # Before the update, or a crash in between would leave the endpoint without them for good.
        self._around.sagemaker.tag(endpoint.arn, target)
        self._around.sagemaker.update_endpoint(
            replace(target, deployment=deployment), retain_capacity=record.retain_capacity
        )
        self._around.note(
            f"updating from {endpoint.config} to {target.generation.config}", record, endpoint
        )
        # Marked after the call: a crash in between repeats the update, which does no harm, where
        # marking first could take an update that never began for one that was rolled back.
        return Next(record.attempted(target.generation.config, endpoint.last_modified), pause=True)

    def _refuse(self, record: Record, endpoint: Endpoint) -> Next:
        """Neither adopts nor touches an endpoint that the relay did not make."""
        self._around.note(
            f"refused: {endpoint.config} is not ours", record, endpoint, alarming=True
        )
        return self._answering.fail(record, messages.not_ours(endpoint))

    def _fail(self, record: Record, target: Specification, endpoint: Endpoint) -> Next:
        cause = endpoint.failure_reason
        self._around.note(f"did not come into service: {cause}", record, endpoint, alarming=True)
        if record.creating:
            return self._answering.give_up(record, messages.not_created(endpoint, target))
        failed = self._answering.fail(record, messages.not_updated(endpoint, target))
        return self._repair(failed, record, endpoint)

    def _repair(self, failed: Next, before: Record, endpoint: Endpoint) -> Next:
        """Where SageMaker has not brought back what served before, the relay does, once.

        An endpoint whose rollback failed serves two configurations mixed, and a failed one none.
        Whatever waits its turn will mend that as well, so nothing is put in its way.
        """
        healthy = endpoint.status is EndpointStatus.IN_SERVICE
        again = before.roll_out is not None and before.roll_out.kind is Kind.REPAIR
        record, serving = failed.record, failed.record.serving
        if healthy or again or serving is None or record.queued or record.stack_change:
            return failed
        now = self._around.clock.now()
        asked_by = f"the relay, since the endpoint was {endpoint.status.value}"
        repair = RollOut(f"repair-{now.isoformat()}", Kind.REPAIR, asked_by, now)
        return Next(record.queue(repair, now))


def _instances_that_go_over(record: Record, target: Specification, endpoint: Endpoint) -> int:
    """The smaller of both fleets; 0 where the endpoint sleeps."""
    desired = endpoint.desired_instances
    return desired if record.retain_capacity else min(desired, target.instance_count)


def _deployment(target: Specification, count: int) -> Deployment:
    """How so many instances go over.

    An endpoint that sleeps has nothing to go over from, and AWS documents no guardrails for it:
    UpdateEndpoint gets no DeploymentConfig then. One that scales may have one instance now and
    four in an hour, and one that shall have more than one has one for the last time: that one goes
    over as a whole rather than not at all.
    """
    if count == 0:
        return Deployment.at_once()
    if target.deployment.suits(count) or not target.can_go_over_in_parts:
        return target.deployment
    return target.deployment.whole()

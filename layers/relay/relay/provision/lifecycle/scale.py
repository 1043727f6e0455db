"""Steps that attach scaling to an endpoint in service, and take it off.

An endpoint begins with its instance count and never below one: CreateEndpoint allows no less. From
there on Application Auto Scaling has the say, and updates keep the capacity it has reached.
"""

from dataclasses import replace

from relay.provision.endpoint import Endpoint, EndpointStatus
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification.properties import PropertyReader
from relay.provision.specification.scaling import Registration, Scaling
from relay.provision.specification.specification import Specification


class Attaching:
    """Every step gives None when there is nothing to do; two steps make one change."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def bring_about(
        self, record: Record, scaling: Scaling | None, instance_count: int, endpoint: Endpoint
    ) -> Next | None:
        """Has the endpoint scale like this, or not at all: then it has its instance count again.

        It may be asleep at that moment, and nothing would ever wake it.
        """
        if record.registration.is_exactly(scaling):
            return None
        if unsure := self.about_to_change(record):
            return unsure
        if scaling is None:
            self._around.autoscaler.deregister(endpoint.name)
            if endpoint.desired_instances != instance_count:
                self._around.sagemaker.set_instance_count(endpoint.name, instance_count)
            self._around.note(f"no longer scaled: {instance_count} instances", record, endpoint)
        else:
            self._around.autoscaler.register(endpoint.name, scaling)
            span = f"{scaling.minimum} to {scaling.maximum}"
            self._around.note(f"scaled from {span} instances", record, endpoint)
        return Next(replace(record, registration=Registration(scaling)))

    def restore(self, record: Record, endpoint: Endpoint) -> Next | None:
        """What belongs to the endpoint that serves, after a change that did not come about."""
        if record.registration.sure or endpoint.status is not EndpointStatus.IN_SERVICE:
            return None
        serving = record.serving
        if serving is None:
            return None
        reader = PropertyReader(serving.properties)
        count = reader.integer("InstanceCount", 1)
        return self.bring_about(record, Scaling.read(reader), count, endpoint)

    def about_to_change(self, record: Record) -> Next | None:
        """Remembers that nobody knows what is registered, before anything is done about it."""
        if not record.registration.sure:
            return None
        return Next(replace(record, registration=record.registration.unsure()))

    def detach(self, record: Record, endpoint: Endpoint) -> Next | None:
        """Before the endpoint is deleted or made anew. A target that was left would meet the next
        endpoint of this name."""
        if record.registration.may_exist and (unsure := self.about_to_change(record)):
            return unsure
        self._around.autoscaler.deregister(endpoint.name)
        return None

    def detach_if_retyped(
        self, record: Record, target: Specification, endpoint: Endpoint
    ) -> Next | None:
        """SageMaker changes the instance type of no variant that is a scalable target."""
        if not record.registration.may_exist or _same_type(record, target):
            return None
        return self.detach(record, endpoint)


def _same_type(record: Record, target: Specification) -> bool:
    serving = record.serving
    return serving is not None and serving.properties.get("InstanceType") == target.instance_type

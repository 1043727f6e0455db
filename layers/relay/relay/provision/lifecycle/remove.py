"""Steps towards nothing: neither the endpoint nor anything that was made for it."""

from relay.provision.endpoint import Endpoint, EndpointStatus
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.respond import Answering
from relay.provision.lifecycle.scale import Attaching
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification.specification import Generation


class Collection:
    """Collects what a record calls unused."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def step(self, record: Record, endpoint: Endpoint) -> Next | None:
        """Deletes what no longer serves, one generation a step."""
        if not record.unused:
            return None
        idle = endpoint.status in (EndpointStatus.IN_SERVICE, EndpointStatus.ABSENT)
        if not idle:
            return None  # whatever it is doing may still need them
        generation = record.unused[0]
        if generation.config == endpoint.config:
            # An update that came through after CloudFormation had stopped waiting for it.
            return Next(record.in_service(generation))
        self.delete(generation, keep=record.generations)
        self._around.note(f"collected {generation.config}", record, endpoint)
        return Next(record.collected(generation))

    def delete(self, generation: Generation, keep: tuple[Generation, ...]) -> None:
        """Deletes the generation, except for what one of `keep` shares with it."""
        if generation.config not in {kept.config for kept in keep}:
            self._around.sagemaker.delete_config(generation.config)
        if generation.model not in {kept.model for kept in keep}:
            self._around.sagemaker.delete_model(generation.model)


class Removal:
    """Removes what the relay made, and leaves alone what it did not."""

    def __init__(
        self,
        surroundings: Surroundings,
        answering: Answering,
        attaching: Attaching,
        collection: Collection,
    ) -> None:
        self._around = surroundings
        self._answering = answering
        self._attaching = attaching
        self._collection = collection

    def step(self, record: Record, endpoint: Endpoint) -> Next | None:
        ours = record.owns(endpoint.config)
        if endpoint.status is not EndpointStatus.ABSENT and ours:
            if endpoint.status.changing:
                return self._answering.wait(record, endpoint)
            return self.delete_endpoint(record, endpoint)
        if endpoint.status is EndpointStatus.ABSENT:
            if unsure := self._attaching.detach(record, endpoint):
                return unsure
        else:
            self._around.note(
                f"left alone: {endpoint.config} is not ours", record, endpoint, alarming=True
            )
        for generation in record.made:
            self._collection.delete(generation, keep=())
        self._around.note("removed", record, endpoint)
        return self._answering.removed(record)

    def delete_endpoint(self, record: Record, endpoint: Endpoint) -> Next:
        """The one place that deletes an endpoint: for good, or because it must be made anew.

        What is attached to the endpoint by its name (a scalable target) is taken off here, before
        the call: SageMaker does not do so, and the next endpoint of this name would meet it.
        """
        if unsure := self._attaching.detach(record, endpoint):
            return unsure
        self._around.sagemaker.delete_endpoint(endpoint.name)
        self._around.note("deleting", record, endpoint)
        return Next(record, pause=True)

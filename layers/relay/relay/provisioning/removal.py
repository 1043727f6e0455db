"""Steps towards nothing: neither the endpoint nor anything that was made for it."""

from relay.provisioning.answering import Answering
from relay.provisioning.attaching import Attaching
from relay.provisioning.collection import Collection
from relay.provisioning.endpoint import Endpoint, EndpointStatus
from relay.provisioning.record import Record
from relay.provisioning.steps import Next, Surroundings


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

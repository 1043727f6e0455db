"""Steps that delete models and configurations with which nothing serves any more."""

from relay.provisioning.endpoint import Endpoint, EndpointStatus
from relay.provisioning.record import Record
from relay.provisioning.specification import Generation
from relay.provisioning.steps import Next, Surroundings


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

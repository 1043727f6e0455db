"""Steps about an endpoint that somebody else has made: look at it, and answer."""

from relay.provision.endpoint import Endpoint, EndpointStatus
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.respond import Answering
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption, Setup


class Adopting:
    """Changes nothing: whatever is wrong is for the endpoint's owner to change."""

    def __init__(self, surroundings: Surroundings, answering: Answering) -> None:
        self._around = surroundings
        self._answering = answering

    def step(self, record: Record, wanted: Adoption, endpoint: Endpoint) -> Next | None:
        if endpoint.status.changing:
            return self._answering.wait(record, endpoint)
        if endpoint.status is not EndpointStatus.IN_SERVICE:
            return Next(record.failing(existing.not_in_service(endpoint)))
        setup = self._setup(endpoint)
        if problems := wanted.problems(setup):
            reason = existing.unsuitable(endpoint, problems)
        else:
            reason = wanted.missing_variant(setup)
        if reason:
            self._around.note(reason, record, endpoint, alarming=True)
            return Next(record.failing(reason))
        return self._answering.adopted(record, endpoint)

    def look(self, record: Record, wanted: Adoption, endpoint: Endpoint) -> tuple[str, ...]:
        """What is wrong now. Its owner may have changed it since, and nobody else would tell."""
        if endpoint.status.changing:
            return ()
        if endpoint.status is not EndpointStatus.IN_SERVICE:
            problems: tuple[str, ...] = (existing.not_in_service(endpoint),)
        else:
            setup = self._setup(endpoint)
            problems = wanted.problems(setup)
            if missing := wanted.missing_variant(setup):
                problems = (*problems, missing)
        for problem in problems:
            self._around.note(f"no longer fit: {problem}", record, endpoint, alarming=True)
        return problems

    def _setup(self, endpoint: Endpoint) -> Setup:
        return self._around.sagemaker.describe_config(endpoint.config)

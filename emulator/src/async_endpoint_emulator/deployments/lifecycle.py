"""What may be done to an endpoint, and when. `transitions.py` does it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from async_endpoint_emulator.aws import AWS_ERRORS
from async_endpoint_emulator.deployments.alarms import Alarms, require_alarms
from async_endpoint_emulator.deployments.endpoint import SETTLED, Endpoint
from async_endpoint_emulator.deployments.fleet import Fleet
from async_endpoint_emulator.deployments.guardrails import Guardrails, require_valid
from async_endpoint_emulator.deployments.roles import Roles, require_usable, unusable_role
from async_endpoint_emulator.deployments.transitions import Transitions
from async_endpoint_emulator.deployments.variants import Platform
from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.inference.queue import RequestQueue
from async_endpoint_emulator.resources import EndpointConfig, Model
from async_endpoint_emulator.validation import Document

log = logging.getLogger("sagemaker")


@dataclass(frozen=True)
class Deployment:
    """What CreateEndpoint and UpdateEndpoint put in place, and how."""

    config: EndpointConfig
    models: Mapping[str, Model]
    guardrails: Document | None
    """The `DeploymentConfig`."""


@dataclass(frozen=True)
class Lifecycle:
    """Decides about changes, and begins them: one at a time for each endpoint."""

    platform: Platform
    roles: Roles
    alarms: Alarms
    transitions: Transitions

    async def create(
        self,
        name: str,
        arn: str,
        deployment: Deployment,
        tags: Mapping[str, str],
        register: Callable[[Endpoint], None],
    ) -> Endpoint:
        """An endpoint in status Creating, handed to `register` before anything is started.

        Raises:
            AwsError: the role, or the deployment configuration, cannot be used.
        """
        config = deployment.config
        counts = {each.name: each.initial_count for each in config.variants}
        role_arn = deployment.models[config.variants[0].model_name].role_arn
        await self._check(role_arn, config, deployment.guardrails, counts)
        queue = RequestQueue(
            lambda request: self.transitions.expire(endpoint, request), self.platform.clock
        )
        endpoint = Endpoint(
            name, arn, tags, queue, lambda queue: self._fleet(name, deployment, queue)
        )
        endpoint.deployment_config = deployment.guardrails
        register(endpoint)
        self.transitions.create(endpoint)
        return endpoint

    async def update(
        self, endpoint: Endpoint, deployment: Deployment, keep: frozenset[str]
    ) -> None:
        """Replaces the fleet. `keep` names the variant properties that survive:
        DesiredInstanceCount, DesiredWeight.

        Raises:
            AwsError: it cannot be updated now, or not with this role or deployment configuration.
        """
        self._require_updatable(endpoint)
        config, old = deployment.config, endpoint.fleet.variants
        retained = set(old) if "DesiredInstanceCount" in keep else set[str]()
        counts = {
            each.name: old[each.name].desired_count if each.name in retained else each.initial_count
            for each in config.variants
        }
        if deployment.guardrails and set(old) != set(counts):
            raise validation_exception(
                "With a DeploymentConfig, the new endpoint configuration must have the same "
                f"variant names as the old one: {', '.join(sorted(old))}."
            )
        role_arn = deployment.models[config.variants[0].model_name].role_arn
        await self._check(role_arn, config, deployment.guardrails, counts)
        self._require_updatable(endpoint)
        fleet = self._fleet(endpoint.name, deployment, endpoint.queue)
        for name, each in fleet.variants.items():
            each.desired_count = counts[name]
            if "DesiredWeight" in keep and name in old:
                each.desired_weight = old[name].desired_weight
        endpoint.pending = fleet
        endpoint.failure_reason = None
        endpoint.deployment_config = deployment.guardrails
        self.transitions.update(
            endpoint, fleet, Guardrails.from_document(deployment.guardrails, config)
        )

    async def set_capacities(
        self, endpoint: Endpoint, counts: Mapping[str, int], weights: Mapping[str, float]
    ) -> None:
        """Changes desired counts and weights of variants that exist.

        Raises:
            AwsError: the endpoint takes no change now, or its role cannot be used.
        """
        self._require_updatable(endpoint)
        await self._check(endpoint.fleet.role_arn, endpoint.config, None, {})
        self._require_updatable(endpoint)
        endpoint.failure_reason = None
        self.transitions.scale(endpoint, counts, weights)

    def delete(self, endpoint: Endpoint, gone: Callable[[], None]) -> None:
        """`gone` is called when nothing is left."""
        self._require_settled(endpoint, "delete")
        self.transitions.delete(endpoint, gone)

    def force(self, endpoint: Endpoint, status: str) -> None:
        """Puts a settled endpoint, or one that was forced, into a status of one's choice."""
        if endpoint.status != "SystemUpdating":
            self._require_settled(endpoint, "update")
        self.transitions.force(endpoint, status)

    async def _check(
        self,
        role_arn: str,
        config: EndpointConfig,
        guardrails: Document | None,
        counts: Mapping[str, int],
    ) -> None:
        if guardrails:
            require_valid(guardrails, counts)
        topics = config.output.topics
        if not topics:
            await require_usable(self.roles, role_arn)
        for topic in topics:
            if not await self.roles(role_arn):
                raise validation_exception(unusable_role(role_arn, topic))
            if self.platform.config.test_notifications:
                try:
                    await self.platform.processor.publisher.test(role_arn, topic)
                except AWS_ERRORS as exc:
                    log.info("TestNotification to %s: %s", topic, exc)
                    raise validation_exception(unusable_role(role_arn, topic)) from exc
        names = Guardrails.from_document(guardrails, config).alarms
        await require_alarms(self.alarms, role_arn, names)

    def _fleet(self, endpoint_name: str, deployment: Deployment, queue: RequestQueue) -> Fleet:
        return Fleet(self.platform, endpoint_name, deployment.config, deployment.models, queue)

    def _require_settled(self, endpoint: Endpoint, verb: str) -> None:
        if endpoint.status not in SETTLED:
            raise validation_exception(f'Cannot {verb} in-progress endpoint "{endpoint.arn}".')

    def _require_updatable(self, endpoint: Endpoint) -> None:
        self._require_settled(endpoint, "update")
        if endpoint.status == "Failed":
            raise validation_exception(f'Cannot update failed endpoint "{endpoint.arn}".')

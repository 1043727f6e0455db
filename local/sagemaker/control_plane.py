"""The SageMaker API as far as asynchronous endpoints need it.

Every operation validates first, then asks whether the caller may, then looks at what exists.
"""

from collections.abc import Mapping

from local.sagemaker.acceptance import accept
from local.sagemaker.catalogue import CheckArtifact, EndpointConfigs, Models
from local.sagemaker.endpoint_operations import Endpoints
from local.sagemaker.errors import AwsError
from local.sagemaker.faults import FaultInjector
from local.sagemaker.identity import Authoriser
from local.sagemaker.lifecycle import Lifecycle
from local.sagemaker.operations import Operation, find
from local.sagemaker.resources import Namer
from local.sagemaker.roles import Roles
from local.sagemaker.tags import Tags
from local.sagemaker.validation import Document


class ControlPlane:
    """Finds the operation. `endpoints` is what the rest of the emulator works with."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        roles: Roles,
        check_artifact: CheckArtifact,
        authoriser: Authoriser,
        faults: FaultInjector,
        namer: Namer,
        instance_quota: int,
    ) -> None:
        self._authoriser = authoriser
        self._faults = faults
        tags = Tags(authoriser)
        models = Models(roles, check_artifact, authoriser, namer, tags)
        configs = EndpointConfigs(authoriser, namer, tags, models.models, self._users_of)
        self.endpoints = Endpoints(
            lifecycle,
            authoriser,
            faults,
            namer,
            tags,
            models.models,
            configs.configs,
            instance_quota,
        )
        self._operations: Mapping[str, Operation] = {
            **models.operations,
            **configs.operations,
            **self.endpoints.operations,
            "AddTags": tags.add,
            "ListTags": tags.list_,
            "DeleteTags": tags.delete,
        }

    async def call(self, operation: str, document: object, authorization: str | None) -> Document:
        """Runs one operation of the API.

        Raises:
            AwsError: the refusal to send back.
        """
        caller = await self._authoriser.identify(authorization)
        action = find(self._operations, operation)
        if self._faults.strikes(self._faults.faults.throttle_control_plane):
            raise AwsError("ThrottlingException", "Rate exceeded")
        return await action(accept(operation, document), caller)

    def _users_of(self, config_name: str) -> list[str]:
        return [each.arn for each in self.endpoints.all if config_name in each.config_names]

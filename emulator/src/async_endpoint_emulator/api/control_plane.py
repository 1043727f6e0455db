"""The SageMaker API as far as asynchronous endpoints need it.

Every operation validates first, then asks whether the caller may, then looks at what exists.
"""

from collections.abc import Mapping

from async_endpoint_emulator.api.callers.identity import Authoriser, Caller
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.api.endpoints import Endpoints
from async_endpoint_emulator.api.models_and_configs import Catalogue, CheckArtifact
from async_endpoint_emulator.api.operations import Operation, find
from async_endpoint_emulator.api.rules import accept
from async_endpoint_emulator.deployments.lifecycle import Lifecycle
from async_endpoint_emulator.deployments.roles import PRINCIPAL, Roles
from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.resources import Namer
from async_endpoint_emulator.validation import Document

# Members that name a resource, with the kind in its ARN.
_NAMES = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
}


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
        self._namer = namer
        tags = authoriser.tags
        catalogue = Catalogue(roles, check_artifact, namer, tags)
        self.endpoints = Endpoints(lifecycle, faults, namer, tags, catalogue, instance_quota)
        self._operations: Mapping[str, Operation] = {
            **catalogue.operations,
            **self.endpoints.operations,
            "AddTags": tags.add,
            "ListTags": tags.list_,
            "DeleteTags": tags.delete,
        }

    async def call(self, operation: str, document: object, signed: SignedRequest) -> Document:
        """Runs one operation of the API.

        Raises:
            AwsError: the refusal to send back.
        """
        caller = await self._authoriser.identify(signed)
        action = find(self._operations, operation)
        if self._faults.strikes(self._faults.faults.throttle_control_plane):
            raise AwsError("ThrottlingException", "Rate exceeded")
        request = accept(operation, document)
        await self._authorise(caller, operation, request)
        return await action(request)

    async def _authorise(self, caller: Caller, operation: str, request: Document) -> None:
        """Raises AccessDeniedException unless the caller may, for each resource that is named."""
        named = [self._namer.arn(_NAMES[key], request[key]) for key in _NAMES if key in request]
        arns = named or [request.get("ResourceArn", "*")]
        for arn in arns:
            await self._authoriser.require(caller, f"sagemaker:{operation}", arn)
        if operation.startswith("Create") and request.get("Tags"):
            await self._authoriser.require(caller, "sagemaker:AddTags", arns[0])
        if role_arn := request.get("ExecutionRoleArn"):
            service = {"iam:PassedToService": PRINCIPAL}
            await self._authoriser.require(caller, "iam:PassRole", role_arn, service)

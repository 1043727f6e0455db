"""Application Auto Scaling as far as variants of asynchronous endpoints need it."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from async_endpoint_emulator.api.callers.identity import Authoriser, Caller
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.api.operations import find
from async_endpoint_emulator.autoscaling.alarms import TrackingAlarms
from async_endpoint_emulator.autoscaling.registry import (
    DIMENSION,
    NAMESPACE,
    Registry,
    ScalableTarget,
    ScalingPolicy,
    not_found,
)
from async_endpoint_emulator.autoscaling.scheduled_actions import ScheduledActions
from async_endpoint_emulator.aws import Aws, error_code
from async_endpoint_emulator.deployments.endpoint import SERVING, Endpoint
from async_endpoint_emulator.errors import AwsError, validation_exception
from async_endpoint_emulator.resources import Collection
from async_endpoint_emulator.validation import Document, operation_model, validate

_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")
_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
SERVICE_LINKED_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": _SERVICE}, "Action": "sts:AssumeRole"}
    ],
}
# What a policy may ask of the service and of nothing else.
_CONTEXT = {
    "application-autoscaling:service-namespace": NAMESPACE,
    "application-autoscaling:scalable-dimension": DIMENSION,
}
Operation = Callable[[Document, Caller], Awaitable[Document]]

_CALLED_VIA = {"aws:CalledViaLast": "application-autoscaling.amazonaws.com"}


@dataclass(frozen=True)
class Scaling:
    """The API's operations. They do not scale: see `scaling_loop`."""

    registry: Registry
    endpoints: Collection[Endpoint]
    authoriser: Authoriser
    aws: Aws
    alarms: TrackingAlarms

    @property
    def operations(self) -> Mapping[str, Operation]:
        scheduled = ScheduledActions(self.registry)
        return {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingActivities": self._describe_activities,
            "PutScheduledAction": scheduled.put,
            "DescribeScheduledActions": scheduled.describe,
            "DeleteScheduledAction": scheduled.delete,
        }

    async def call(self, operation: str, document: object, signed: SignedRequest) -> Document:
        """Runs one operation of the API.

        Raises:
            AwsError: the refusal to send back.
        """
        caller = await self.authoriser.identify(signed)
        action = find(self.operations, operation)
        model = operation_model("application-autoscaling", operation)
        request = validate(model, document, "ValidationException")
        dimension = request.get("ScalableDimension", DIMENSION)
        if (request["ServiceNamespace"], dimension) != (NAMESPACE, DIMENSION):
            raise validation_exception(
                "Unsupported service namespace, resource type or scalable dimension"
            )
        await self._authorise(caller, operation, request)
        return await action(request, caller)

    async def _authorise(self, caller: Caller, operation: str, request: Document) -> None:
        """Descriptions have no resource; all other operations change one scalable target."""
        action = f"application-autoscaling:{operation}"
        if operation.startswith("Describe"):
            await self.authoriser.require(caller, action, "*")
        else:
            arn = self.registry.target_arn(request["ResourceId"])
            await self.authoriser.require(caller, action, arn, _CONTEXT)

    # --- targets ---------------------------------------------------------------------------------

    async def _register(self, request: Document, caller: Caller) -> Document:
        resource = request["ResourceId"]
        known = self.registry.targets.get(resource)
        minimum = request.get("MinCapacity", known and known.minimum)
        maximum = request.get("MaxCapacity", known and known.maximum)
        if minimum is None or maximum is None:
            raise validation_exception("MinCapacity and MaxCapacity are required for a new target")
        if minimum < 0 or maximum < minimum:
            raise validation_exception("Maximum capacity cannot be less than minimum capacity")
        endpoint, variant = self._variant(resource)
        await self._require_capacity_permissions(caller, endpoint)
        role_arn = await self._service_linked_role(caller)
        if known is None:
            known = ScalableTarget(
                resource_id=resource,
                arn=self.registry.target_arn(resource),
                endpoint=endpoint.name,
                variant=variant,
                minimum=minimum,
                maximum=maximum,
                role_arn=role_arn,
            )
            self.registry.targets[resource] = known
        known.minimum, known.maximum = minimum, maximum
        known.suspended |= request.get("SuspendedState", {})
        return {"ScalableTargetARN": known.arn}

    async def _deregister(self, request: Document, caller: Caller) -> Document:
        """With its scheduled actions, its policies, and the alarms that were made for them."""
        resource = request["ResourceId"]
        if resource not in self.registry.targets:
            raise not_found("scalable target", resource)
        for policy in self.registry.policies_of(resource):
            await self.alarms.delete(policy)
            del self.registry.policies[resource, policy.name]
        for action in self.registry.actions_of(resource):
            del self.registry.scheduled[resource, action.name]
        del self.registry.targets[resource]
        return {}

    async def _describe_targets(self, request: Document, caller: Caller) -> Document:
        wanted = request.get("ResourceIds") or list(self.registry.targets)
        found = [self.registry.targets[each] for each in wanted if each in self.registry.targets]
        return {"ScalableTargets": [target.describe() for target in found]}

    # --- policies --------------------------------------------------------------------------------

    async def _put_policy(self, request: Document, caller: Caller) -> Document:
        resource, name = request["ResourceId"], request["PolicyName"]
        target = self.registry.targets.get(resource)
        if target is None:
            raise not_found("scalable target", resource, "registered")
        known = self.registry.policies.get((resource, name))
        kind = request.get("PolicyType", known.type if known else "StepScaling")
        if known and known.type != kind:
            raise validation_exception(f"The policy {name} exists with type {known.type}")
        policy = ScalingPolicy(
            name=name,
            arn=known.arn if known else self.registry.policy_arn(resource, name),
            resource_id=resource,
            type=kind,
            configuration=_configuration(kind, request),
        )
        if not policy.is_step:
            await self._require_alarm_permissions(caller)
            await self.alarms.put(policy)
        self.registry.policies[resource, name] = policy
        return {"PolicyARN": policy.arn, "Alarms": policy.alarms}

    async def _delete_policy(self, request: Document, caller: Caller) -> Document:
        resource, name = request["ResourceId"], request["PolicyName"]
        policy = self.registry.policies.get((resource, name))
        if policy is None:
            raise not_found("scaling policy", resource)
        await self.alarms.delete(policy)
        del self.registry.policies[resource, name]
        return {}

    async def _describe_policies(self, request: Document, caller: Caller) -> Document:
        names = request.get("PolicyNames")
        found = [
            policy.describe()
            for policy in self.registry.policies_of(request.get("ResourceId"))
            if not names or policy.name in names
        ]
        return {"ScalingPolicies": found}

    async def _describe_activities(self, request: Document, caller: Caller) -> Document:
        resource = request.get("ResourceId")
        found = [
            activity
            for activity in self.registry.activities
            if resource in (None, activity["ResourceId"])
        ]
        return {"ScalingActivities": found[: request.get("MaxResults", 50)]}

    # --- what the caller must be allowed ---------------------------------------------------------

    async def _require_capacity_permissions(self, caller: Caller, endpoint: Endpoint) -> None:
        """The service tries whether the caller itself could do what it will do."""
        for action, arn in (
            ("DescribeEndpoint", endpoint.arn),
            ("DescribeEndpointConfig", endpoint.config.arn),
            ("UpdateEndpointWeightsAndCapacities", endpoint.arn),
        ):
            await self._require_elsewhere(caller, f"sagemaker:{action}", arn)

    async def _require_alarm_permissions(self, caller: Caller) -> None:
        alarms, everyone = (
            self.registry.namer.arn_of("cloudwatch", f"alarm:{name}")
            for name in ("TargetTracking-", "*")
        )
        await self._require_elsewhere(caller, "cloudwatch:DescribeAlarms", everyone)
        await self._require_elsewhere(caller, "cloudwatch:PutMetricAlarm", alarms)
        await self._require_elsewhere(caller, "cloudwatch:DeleteAlarms", alarms)

    async def _require_elsewhere(self, caller: Caller, action: str, resource: str) -> None:
        try:
            await self.authoriser.require(caller, action, resource, _CALLED_VIA)
        except AwsError as error:
            raise validation_exception(error.message) from error

    async def _service_linked_role(self, caller: Caller) -> str:
        """Made for the first target in the account, if the caller may have it made."""
        path = f"aws-service-role/{_SERVICE}/{SERVICE_LINKED_ROLE}"
        namer = self.registry.namer
        arn = f"arn:{namer.partition}:iam::{namer.account}:role/{path}"
        try:
            await self.aws.call(self.aws.iam.get_role, RoleName=SERVICE_LINKED_ROLE)
        except ClientError as error:
            if error_code(error) != "NoSuchEntity":
                raise
            service = {"iam:AWSServiceName": _SERVICE}
            await self.authoriser.require(caller, "iam:CreateServiceLinkedRole", arn, service)
            # By its own name: the stand-ins' CreateServiceLinkedRole would make up another one.
            await self.aws.call(
                self.aws.iam.create_role,
                RoleName=SERVICE_LINKED_ROLE,
                Path=f"/aws-service-role/{_SERVICE}/",
                AssumeRolePolicyDocument=json.dumps(_TRUST),
            )
        return arn

    def _variant(self, resource: str) -> tuple[Endpoint, str]:
        match = _RESOURCE.fullmatch(resource)
        endpoint = self.endpoints.find(match["endpoint"]) if match else None
        if match is None or endpoint is None or endpoint.status not in SERVING:
            raise validation_exception(f"SageMaker endpoint variant doesn't exist: {resource}")
        if match["variant"] not in endpoint.fleet.desired_counts:
            raise validation_exception(f"SageMaker endpoint variant doesn't exist: {resource}")
        return endpoint, match["variant"]


def _configuration(kind: str, request: Document) -> Document:
    member = f"{kind}PolicyConfiguration"
    configuration: Document | None = request.get(member)
    if kind not in ("StepScaling", "TargetTrackingScaling") or configuration is None:
        raise validation_exception(f"{member} is required for a policy of type {kind}")
    if kind == "StepScaling" and not configuration.get("StepAdjustments"):
        raise validation_exception("At least one step adjustment must be specified")
    if kind == "TargetTrackingScaling" and "CustomizedMetricSpecification" not in configuration:
        # SageMakerVariantInvocationsPerInstance, the predefined one, has no data points here: the
        # metric does not exist for asynchronous endpoints.
        raise validation_exception("The emulator knows CustomizedMetricSpecification only")
    return configuration

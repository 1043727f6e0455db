"""A deployment's settings as UpdateEndpoint takes them.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html
"""

from typing import TYPE_CHECKING, Final

from relay.provision.specification.deployment import Deployment, Strategy

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import TrafficRoutingConfigTypeType
    from mypy_boto3_sagemaker.type_defs import (
        BlueGreenUpdatePolicyTypeDef,
        CapacitySizeTypeDef,
        DeploymentConfigUnionTypeDef,
        RollingUpdatePolicyTypeDef,
        TrafficRoutingConfigTypeDef,
    )

_ROUTING: "Final[dict[Strategy, TrafficRoutingConfigTypeType]]" = {
    Strategy.ALL_AT_ONCE: "ALL_AT_ONCE",
    Strategy.CANARY: "CANARY",
    Strategy.LINEAR: "LINEAR",
}


def deployment_config(deployment: Deployment) -> "DeploymentConfigUnionTypeDef":
    """`DeploymentConfig` of UpdateEndpoint."""
    config: DeploymentConfigUnionTypeDef
    if deployment.strategy is Strategy.ROLLING:
        config = {"RollingUpdatePolicy": _rolling(deployment)}
    else:
        config = {"BlueGreenUpdatePolicy": _blue_green(deployment)}
    if deployment.alarms:
        config["AutoRollbackConfiguration"] = {
            "Alarms": [{"AlarmName": name} for name in deployment.alarms]
        }
    return config


def _rolling(deployment: Deployment) -> "RollingUpdatePolicyTypeDef":
    # This policy has no TerminationWaitInSeconds: each batch takes the place of an old one.
    return {
        "MaximumBatchSize": _share(deployment),
        "WaitIntervalInSeconds": deployment.wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _blue_green(deployment: Deployment) -> "BlueGreenUpdatePolicyTypeDef":
    routing: TrafficRoutingConfigTypeDef = {
        "Type": _ROUTING[deployment.strategy],
        "WaitIntervalInSeconds": deployment.wait_seconds,
    }
    if deployment.strategy is Strategy.CANARY:
        routing["CanarySize"] = _share(deployment)
    if deployment.strategy is Strategy.LINEAR:
        routing["LinearStepSize"] = _share(deployment)
    return {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": deployment.termination_wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _share(deployment: Deployment) -> "CapacitySizeTypeDef":
    return {"Type": "CAPACITY_PERCENT", "Value": deployment.step_percent}

"""A deployment's settings as UpdateEndpoint takes them."""

from typing import TYPE_CHECKING

from relay.provisioning.deployment import Deployment, Strategy

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        BlueGreenUpdatePolicyTypeDef,
        CapacitySizeTypeDef,
        DeploymentConfigUnionTypeDef,
        RollingUpdatePolicyTypeDef,
        TrafficRoutingConfigTypeDef,
    )


def deployment_config(deployment: Deployment) -> "DeploymentConfigUnionTypeDef":
    """`DeploymentConfig` of UpdateEndpoint.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html
    """
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
    # SageMaker knows no termination wait here: each batch takes the place of an old one.
    return {
        "MaximumBatchSize": _share(deployment),
        "WaitIntervalInSeconds": deployment.wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _blue_green(deployment: Deployment) -> "BlueGreenUpdatePolicyTypeDef":
    routing: TrafficRoutingConfigTypeDef
    match deployment.strategy:
        case Strategy.CANARY:
            routing = {
                "Type": "CANARY",
                "CanarySize": _share(deployment),
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
        case Strategy.LINEAR:
            routing = {
                "Type": "LINEAR",
                "LinearStepSize": _share(deployment),
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
        case _:
            routing = {
                "Type": "ALL_AT_ONCE",
                "WaitIntervalInSeconds": deployment.wait_seconds,
            }
    return {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": deployment.termination_wait_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.maximum_seconds,
    }


def _share(deployment: Deployment) -> "CapacitySizeTypeDef":
    return {"Type": "CAPACITY_PERCENT", "Value": deployment.step_percent}

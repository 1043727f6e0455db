"""What the adapter asks of SageMaker."""

import json

import pytest
from botocore.stub import Stubber
from relay.aws.sagemaker.control_plane import SageMakerControlPlane

from tests.support.provisioning.properties import specification
from tests.support.sagemaker.stubbed import ARN, FULL, GENERATION


def test_the_whole_model_is_asked_for(stub: Stubber, control_plane: SageMakerControlPlane) -> None:
    stub.add_response(
        "create_model",
        {"ModelArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m"},
        {
            "ModelName": GENERATION.model,
            "ExecutionRoleArn": FULL.execution_role_arn,
            "PrimaryContainer": {
                "Image": FULL.image,
                "ModelDataUrl": "s3://models/churn/model.tar.gz",
                "Environment": {"WORKERS": "2"},
            },
        },
    )

    control_plane.create_model(FULL)


def test_the_whole_configuration_is_asked_for(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    stub.add_response(
        "create_endpoint_config",
        {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/c"},
        {
            "EndpointConfigName": GENERATION.config,
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "ModelName": GENERATION.model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            "AsyncInferenceConfig": {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
                "OutputConfig": {
                    "S3OutputPath": "s3://relay-data/outputs",
                    "S3FailurePath": "s3://relay-data/failures",
                    "KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1",
                    "NotificationConfig": {
                        "SuccessTopic": FULL.success_topic_arn,
                        "ErrorTopic": FULL.error_topic_arn,
                        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
                    },
                },
            },
        },
    )

    control_plane.create_config(FULL)


@pytest.mark.parametrize("retain", [True, False])
def test_an_update_says_whether_capacity_is_kept(
    stub: Stubber, control_plane: SageMakerControlPlane, retain: bool
) -> None:
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "EndpointConfigName": GENERATION.config,
            "RetainAllVariantProperties": retain,
        },
    )

    control_plane.update_endpoint(FULL, retain_capacity=retain)


def test_an_endpoint_that_exists_gets_the_tags(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    tags = [{"Key": "team", "Value": "fraud"}]
    target = specification(EndpointSpecification=json.dumps({"Tags": tags}))
    stub.add_response("add_tags", {"Tags": []}, {"ResourceArn": ARN, "Tags": tags})

    control_plane.tag(ARN, target)
    control_plane.tag(ARN, specification())  # has none, so nothing is asked for


def share(percent: int) -> dict[str, object]:
    return {"Type": "CAPACITY_PERCENT", "Value": percent}


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        (
            {"DeploymentStrategy": "AllAtOnce", "DeploymentTerminationWaitSeconds": "60"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "ALL_AT_ONCE",
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 60,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Canary"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "CANARY",
                        "CanarySize": share(25),
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 0,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Linear"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "LINEAR",
                        "LinearStepSize": share(25),
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 0,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Rolling"},
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": share(25),
                    "WaitIntervalInSeconds": 120,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
    ],
)
def test_an_update_is_asked_for_as_it_is_to_be_deployed(
    settings: dict[str, object],
    policy: dict[str, object],
    stub: Stubber,
    control_plane: SageMakerControlPlane,
) -> None:
    target = specification(
        DeploymentStepPercent="25",
        DeploymentWaitSeconds="120",
        DeploymentMaximumSeconds="1800",
        RollbackAlarmNames=["relay-failures", "relay-latency"],
        **settings,
    )
    alarms = [{"AlarmName": "relay-failures"}, {"AlarmName": "relay-latency"}]
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "EndpointConfigName": target.generation.config,
            "RetainAllVariantProperties": True,
            "DeploymentConfig": {**policy, "AutoRollbackConfiguration": {"Alarms": alarms}},
        },
    )

    control_plane.update_endpoint(target, retain_capacity=True)


def test_the_instances_of_the_only_variant_are_counted(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    stub.add_response(
        "update_endpoint_weights_and_capacities",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "DesiredWeightsAndCapacities": [
                {"VariantName": "AllTraffic", "DesiredInstanceCount": 2}
            ],
        },
    )

    control_plane.set_instance_count("relay", 2)

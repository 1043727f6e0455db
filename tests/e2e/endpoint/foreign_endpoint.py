"""An endpoint that no stack has made, under the name of the one that stacks are about."""

from typing import TYPE_CHECKING

from tests.e2e.endpoint.endpoint_stacks import ENDPOINT, IMAGE, EndpointStacks

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import AsyncInferenceOutputConfigTypeDef

CONFIG = "theirs"
VARIANT = "their-variant"


def make_endpoint(stacks: EndpointStacks, *, publishing: bool = True) -> None:
    """In service when this returns. It fits the relay, unless it publishes to no topics."""
    wanted = {name: str(value) for name, value in stacks.properties.items()}
    output: AsyncInferenceOutputConfigTypeDef = {
        "S3OutputPath": wanted["S3OutputPath"],
        "S3FailurePath": wanted["S3FailurePath"],
    }
    if publishing:
        output["NotificationConfig"] = {
            "SuccessTopic": wanted["SuccessTopicArn"],
            "ErrorTopic": wanted["ErrorTopicArn"],
        }
    sagemaker = stacks.sagemaker
    sagemaker.create_model(
        ModelName=CONFIG,
        ExecutionRoleArn=wanted["ExecutionRoleArn"],
        PrimaryContainer={"Image": IMAGE},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=CONFIG,
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "ModelName": CONFIG,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={"OutputConfig": output},
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=CONFIG)
    stacks.await_(lambda: _status(stacks) == "InService", f"{ENDPOINT} is in service")


def remove_everything(stacks: EndpointStacks) -> None:
    """Endpoint, configurations, models and scaling, of any origin."""
    left = stacks.left()
    for resource in left["targets"]:
        stacks.autoscaling.deregister_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=resource,
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )
    if alarms := stacks.left()["alarms"]:
        stacks.cloudwatch.delete_alarms(AlarmNames=alarms)
    for endpoint in left["endpoints"]:
        stacks.sagemaker.delete_endpoint(EndpointName=endpoint)
    stacks.await_(lambda: not stacks.left()["endpoints"], f"{ENDPOINT} is deleted")
    for config in left["configs"]:
        stacks.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model in left["models"]:
        stacks.sagemaker.delete_model(ModelName=model)


def _status(stacks: EndpointStacks) -> str:
    return stacks.sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]

"""The properties of the endpoint's custom resource, and the specification they give."""

from typing import Any

from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Specification

REGION = "us-east-1"
ENDPOINT = "relay"

PROPERTIES: dict[str, object] = {
    "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:relay-provision",
    "EndpointName": ENDPOINT,
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/relay-EndpointExecutionRole-1A2B",
    "ImageUri": "",
    "Framework": "xgboost",
    "FrameworkVersion": "3.2-0",
    "ModelDataUrl": "s3://models/churn/model.tar.gz",
    "ModelEnvironment": "{}",
    "InstanceType": "ml.m5.large",
    "InstanceCount": "1",
    "MaxConcurrentInvocationsPerInstance": "4",
    "S3OutputPath": "s3://relay-data/outputs",
    "S3FailurePath": "s3://relay-data/failures",
    "InputBucketName": "relay-data",
    "InputPrefixes": ["inputs/"],
    "SuccessTopicArn": "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-success",
    "ErrorTopicArn": "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-error",
    "IncludeInferenceResponseIn": [""],
    "OutputKmsKeyId": "",
    "VolumeKmsKeyId": "",
    "EndpointSpecification": "{}",
    "EndpointMode": "create",
}


def properties(**changes: object) -> dict[str, object]:
    return {**PROPERTIES, **changes}


# The template's parameters with which an idle endpoint scales to zero.
SCALED: dict[str, Any] = {
    "MinInstanceCount": "0",
    "MaxInstanceCount": "4",
    "TargetBacklogPerInstance": "5",
    "ScaleInCooldownSeconds": "300",
    "ScaleOutCooldownSeconds": "120",
}


def specification(**changes: object) -> Specification:
    return read_specification(properties(**changes), REGION)


# Asleep at night whatever comes, and awake before the day.
SCHEDULED = SCALED | {
    "ScalingSchedule": """[
        {"Schedule": "cron(0 20 ? * * *)", "Timezone": "Europe/Berlin",
         "MinCapacity": 0, "MaxCapacity": 0},
        {"Schedule": "cron(30 7 ? * * *)", "Timezone": "Europe/Berlin",
         "MinCapacity": 1, "MaxCapacity": 4}
    ]"""
}

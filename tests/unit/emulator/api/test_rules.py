"""What the control plane says about parameters, in the words that name the member."""

from typing import Any

import pytest
from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.rehearsal import rehearse
from tests.support.emulator.rehearsing import ROLE, blue_green, rolling, with_alarm

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def model(**changes: Any) -> tuple[str, dict[str, Any]]:
    members = {
        "ModelName": "m",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE},
        **changes,
    }
    return "CreateModel", {name: value for name, value in members.items() if value is not None}


def config(name: str = "c", count: int = 1, **changes: Any) -> tuple[str, dict[str, Any]]:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
    }
    members = {
        "EndpointConfigName": name,
        "ProductionVariants": [variant],
        "AsyncInferenceConfig": {"OutputConfig": {}},
    }
    return "CreateEndpointConfig", {**members, **changes}


def endpoint(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c", **changes}


def update(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c", **changes}


def refusal(*calls: tuple[str, dict[str, Any]]) -> str:
    with pytest.raises(AwsError) as refused:
        rehearse(calls)
    assert refused.value.code == "ValidationException"
    return refused.value.message


def source(uri: str, data_type: str, compression: str) -> dict[str, Any]:
    location = {"S3Uri": uri, "S3DataType": data_type, "CompressionType": compression}
    return {"Image": IMAGE, "ModelDataSource": {"S3DataSource": location}}


def test_everything_that_a_model_may_have_is_accepted_and_described() -> None:
    operation, document = model(
        PrimaryContainer={
            **source("s3://b/m/", "S3Prefix", "None"),
            "ContainerHostname": "scorer",
            "Environment": {"A": "1"},
            "ImageConfig": {"RepositoryAccessMode": "Platform"},
        },
        VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        EnableNetworkIsolation=True,
        Tags=[{"Key": "team", "Value": "blue"}],
    )

    _, described = rehearse([(operation, document), ("DescribeModel", {"ModelName": "m"})])

    shown = {name: value for name, value in document.items() if name != "Tags"}
    assert shown.items() <= described.items()


def test_everything_that_a_configuration_may_have_is_accepted_and_described() -> None:
    operation, document = config(
        KmsKeyId="alias/volumes",
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 20,
            "DestinationS3Uri": "s3://b/capture",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        },
        AsyncInferenceConfig={
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 7},
            "OutputConfig": {"KmsKeyId": "alias/outputs", "S3OutputPath": "s3://b/out"},
        },
    )
    document["ProductionVariants"][0] |= {
        "VolumeSizeInGB": 50,
        "ModelDataDownloadTimeoutInSeconds": 60,
        "ContainerStartupHealthCheckTimeoutInSeconds": 60,
        "EnableSSMAccess": True,
        "CoreDumpConfig": {"DestinationS3Uri": "s3://b/cores"},
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    asked = ("DescribeEndpointConfig", {"EndpointConfigName": "c"})

    *_, described, _, shown = rehearse(
        [
            model(),
            (operation, document),
            asked,
            endpoint(),
            ("DescribeEndpoint", {"EndpointName": "e"}),
        ]
    )

    assert document.items() <= described.items()
    assert shown["EndpointStatus"] == "InService"
    assert shown["DataCaptureConfig"]["CurrentSamplingPercentage"] == 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ExecutionRoleArn": None}, "ExecutionRoleArn is required"),
        ({"PrimaryContainer": None}, "Exactly one of PrimaryContainer and Containers"),
        ({"Containers": [{"Image": IMAGE}]}, "not both"),
        ({"PrimaryContainer": {"ModelPackageName": "p"}}, "needs an Image"),
        ({"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel"}}, "not supported"),
        (
            {"PrimaryContainer": {**source("s3://b/m", "S3Prefix", "None")}},
            "must end with a forward slash",
        ),
        ({"PrimaryContainer": source("s3://b/m/", "S3Prefix", "Gzip")}, "CompressionType Gzip"),
        (
            {
                "PrimaryContainer": {
                    **source("s3://b/m.bin", "S3Object", "None"),
                    "ModelDataUrl": "s3://b/m.tar.gz",
                }
            },
            "ModelDataUrl and ModelDataSource",
        ),
        (
            {
                "PrimaryContainer": {
                    "Image": IMAGE,
                    "Environment": {f"K{n}": "x" * 1024 for n in range(33)},
                }
            },
            "at most 32768",
        ),
        (
            {
                "PrimaryContainer": None,
                "Containers": [{"Image": IMAGE, "ContainerHostname": "a"}] * 2,
            },
            "ContainerHostname must be unique",
        ),
        ({"InferenceExecutionConfig": {"Mode": "Direct"}}, "not supported"),
    ],
)
def test_a_model_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    assert words in refusal(model(**changes))


SEVERAL = [{"VariantName": "AllTraffic", "ModelName": "m"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ProductionVariants": SEVERAL}, "needs InitialInstanceCount and InstanceType"),
        ({"ProductionVariants": [config()[1]["ProductionVariants"][0]] * 2}, "must be unique"),
        ({"AsyncInferenceConfig": None}, "needs an AsyncInferenceConfig"),
        ({"ShadowProductionVariants": SEVERAL}, "not supported"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    operation, document = config(**changes)

    assert words in refusal(model(), (operation, {k: v for k, v in document.items() if v}))


INSTANCES = {"Type": "INSTANCE_COUNT", "Value": 1}


def sized(deployment: Any, member: str, size: Any) -> Any:
    """The deployment configuration with another size; None takes it away."""
    policy = next(iter(deployment.values()))
    place = policy.get("TrafficRoutingConfiguration", policy)
    place.pop(member)
    if size:
        place[member] = size
    return deployment


@pytest.mark.parametrize(
    ("deployment", "words"),
    [
        (blue_green("CANARY", 51), "CanarySize must be between 0% and 50%"),
        (blue_green("LINEAR", 9), "LinearStepSize must be between 10% and 50%"),
        (blue_green("LINEAR", 51), "LinearStepSize must be between 10% and 50%"),
        (rolling(4), "MaximumBatchSize must be between 5% and 50%"),
        (rolling(51), "MaximumBatchSize must be between 5% and 50%"),
        (sized(rolling(50), "MaximumBatchSize", INSTANCES), "variant AllTraffic has 1 instance(s)"),
        (sized(blue_green("CANARY", 5), "CanarySize", None), "CanarySize is required"),
        ({**rolling(50), **blue_green("ALL_AT_ONCE")}, "not both"),
        (with_alarm(blue_green("ALL_AT_ONCE"), "errors"), None),
        # One instance is all of the capacity, whatever the percentage.
        (blue_green("CANARY", 5), "variant AllTraffic has 1 instance(s)"),
        (blue_green("LINEAR", 10), "variant AllTraffic has 1 instance(s)"),
        (rolling(50), "variant AllTraffic has 1 instance(s)"),
        (
            {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "a"}]}},
            "AlarmName of their own",
        ),
    ],
)
def test_a_deployment_configuration_keeps_the_documented_limits(
    deployment: Any, words: str | None
) -> None:
    calls = [model(), config(), endpoint(), update(DeploymentConfig=deployment)]

    if words is None:
        rehearse(calls)
    else:
        assert words in refusal(*calls)


def test_with_guardrails_the_variants_keep_their_names() -> None:
    renamed = config("renamed")
    renamed[1]["ProductionVariants"][0]["VariantName"] = "Other"
    calls = [model(), config(), renamed, endpoint()]
    change = {"EndpointConfigName": "renamed"}

    *_, described = rehearse(
        [*calls, update(**change), ("DescribeEndpoint", {"EndpointName": "e"})]
    )

    assert described["ProductionVariants"][0]["VariantName"] == "Other"
    guarded = update(**change, DeploymentConfig=blue_green("ALL_AT_ONCE"))
    assert "the same variant names as the old one: AllTraffic" in refusal(*calls, guarded)


def test_a_variant_is_given_its_capacity_once() -> None:
    twice = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count} for count in (1, 2)]
    scale = {"EndpointName": "e", "DesiredWeightsAndCapacities": twice}

    message = refusal(model(), config(), endpoint(), ("UpdateEndpointWeightsAndCapacities", scale))

    assert message == "Variant names must be unique in DesiredWeightsAndCapacities."


def test_the_lists_are_empty_when_everything_is_deleted() -> None:
    *_, endpoints, configs, models = rehearse(
        [
            model(),
            config(),
            endpoint(),
            ("DeleteEndpoint", {"EndpointName": "e"}),
            ("DeleteEndpointConfig", {"EndpointConfigName": "c"}),
            ("DeleteModel", {"ModelName": "m"}),
            ("ListEndpoints", {}),
            ("ListEndpointConfigs", {}),
            ("ListModels", {}),
        ]
    )

    assert (endpoints, configs, models) == (
        {"Endpoints": []},
        {"EndpointConfigs": []},
        {"Models": []},
    )


def test_lists_are_filtered_and_come_in_pages() -> None:
    configs = [config(name) for name in ("blue-1", "blue-2", "green-1")]
    ask = {"NameContains": "BLUE", "SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 1}

    first = rehearse([model(), *configs, ("ListEndpointConfigs", ask)])[-1]
    second = rehearse(
        [model(), *configs, ("ListEndpointConfigs", ask | {"NextToken": first["NextToken"]})]
    )[-1]

    assert [each["EndpointConfigName"] for each in first["EndpointConfigs"]] == ["blue-1"]
    assert [each["EndpointConfigName"] for each in second["EndpointConfigs"]] == ["blue-2"]
    assert "NextToken" not in second

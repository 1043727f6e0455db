"""Rules that tie several members of a request together."""

import pytest
from relay.provision.specification import validation
from relay.provision.specification.api_requests import Request
from relay.s3uri import S3Uri

INPUTS = (S3Uri("relay-data", "orders/in/"), S3Uri("relay-data", "inputs/"))
LARGE = {f"A{n}": "x" * 1000 for n in range(17)}
FREQUENCY = "MetricPublishFrequencyInSeconds"


def problems_of(model: Request | None = None, config: Request | None = None) -> str:
    found = validation.flaws(model or with_container(), config or {}, INPUTS)
    return "; ".join(f"{operation} {flaw.path} {flaw.problem}" for operation, flaw in found)


def with_container(**members: object) -> Request:
    return {"PrimaryContainer": {"Image": "i", **members}}


def pipeline(*containers: Request, **members: object) -> Request:
    return {"Containers": [{"Image": "i", **each} for each in containers], **members}


def source(**members: object) -> Request:
    return {"S3DataSource": {"S3Uri": "s3://b/m/", "S3DataType": "S3Prefix", **members}}


@pytest.mark.parametrize(
    "model",
    [
        with_container(),
        with_container(ModelDataSource=source(CompressionType="None")),
        with_container(ModelDataSource=source(S3Uri="s3://b/m.tar.gz", S3DataType="S3Object")),
        {**with_container(ImageConfig={"RepositoryAccessMode": "Vpc"}), "VpcConfig": {}},
        pipeline({}, {}, InferenceExecutionConfig={"Mode": "Serial"}),
        pipeline({"ContainerHostname": "first"}, {"ContainerHostname": "second"}),
    ],
)
def test_a_model_that_fits_together_has_no_flaw(model: Request) -> None:
    assert problems_of(model) == ""


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({**pipeline({}), **with_container()}, "cannot be given together with Containers"),
        (
            {**with_container(), "InferenceExecutionConfig": {"Mode": "Serial"}},
            "InferenceExecutionConfig needs Containers",
        ),
        ({"Containers": [{"Image": "i"}, {}]}, "Containers[1].Image is missing"),
        (pipeline({"ContainerHostname": "a"}, {}), "must all have a ContainerHostname"),
        (
            pipeline({"ContainerHostname": "a"}, {"ContainerHostname": "a"}),
            "the ContainerHostname 'a' more than once",
        ),
        (
            with_container(ModelDataUrl="s3://b/m.tar.gz", ModelDataSource=source()),
            "ModelDataSource cannot be given together with ModelDataUrl",
        ),
        (with_container(ModelDataSource={}), "ModelDataSource.S3DataSource is missing"),
        (
            with_container(ModelDataSource=source(S3Uri="s3://b/m")),
            "ModelDataSource.S3DataSource.S3Uri must end with a slash",
        ),
        (
            with_container(ModelDataSource=source(CompressionType="Gzip")),
            "CompressionType must be None",
        ),
        (
            with_container(
                AdditionalModelDataSources=[{"ChannelName": "c", **source(S3Uri="s3://b/m")}]
            ),
            "AdditionalModelDataSources[0].S3DataSource.S3Uri must end with a slash",
        ),
        (
            with_container(AdditionalModelDataSources=[{"ChannelName": "c"}, {"ChannelName": "c"}]),
            "the ChannelName 'c' more than once",
        ),
        (
            with_container(ImageConfig={"RepositoryAccessMode": "Vpc"}),
            "ImageConfig with RepositoryAccessMode Vpc needs Model.VpcConfig",
        ),
        (
            with_container(
                ImageConfig={"RepositoryAccessMode": "Platform", "RepositoryAuthConfig": {}}
            ),
            "RepositoryAuthConfig is for RepositoryAccessMode Vpc only",
        ),
        (
            with_container(ContainerMetricsConfig={"MetricsEndpoints": [{FREQUENCY: 7}]}),
            f"MetricsEndpoints[0].{FREQUENCY} must be one of 10, 30",
        ),
        (
            with_container(Environment={f"A{n}": "é" * 500 for n in range(33)}),
            "PrimaryContainer.Environment is longer than 32768 bytes in all",
        ),
        (
            pipeline({"Environment": LARGE}, {"Environment": LARGE}),
            "Containers have environments that are longer than 32768 bytes in all",
        ),
        ({**with_container(), "Tags": [{"Key": "AWS:x"}]}, "Tags[0].Key begins with aws:"),
        ({**with_container(), "Tags": [{"Key": "a"}] * 2}, "Tags have the Key 'a' more than once"),
    ],
)
def test_an_inconsistent_model_is_refused_with_the_reason(model: Request, problem: str) -> None:
    assert problem in problems_of(model)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            {"DataCaptureConfig": {"DestinationS3Uri": "s3://relay-data/inputs/captured"}},
            "DataCaptureConfig.DestinationS3Uri is under s3://relay-data/inputs/",
        ),
        (
            {
                "ProductionVariants": [
                    {
                        "CoreDumpConfig": {
                            "DestinationS3Uri": "https://s3.amazonaws.com/relay-data/inputs"
                        }
                    }
                ]
            },
            "CoreDumpConfig.DestinationS3Uri is under",
        ),
        (
            {
                "ProductionVariants": [
                    {
                        "RoutingConfig": {
                            "RoutingStrategy": "RANDOM",
                            "PrefixAwareRoutingConfig": {},
                        }
                    }
                ]
            },
            "PrefixAwareRoutingConfig is for RoutingStrategy PREFIX_AWARE only",
        ),
        ({"MetricsConfig": {FREQUENCY: 61}}, f"MetricsConfig.{FREQUENCY} must be one of"),
    ],
)
def test_an_inconsistent_configuration_is_refused_with_the_reason(
    config: Request, problem: str
) -> None:
    assert problem in problems_of(config=config)


def test_what_is_captured_may_lie_anywhere_else() -> None:
    capture: Request = {"DataCaptureConfig": {"DestinationS3Uri": "s3://relay-data/captured"}}

    assert problems_of(config=capture) == ""


def test_members_of_a_wrong_type_are_left_to_the_model_of_the_api() -> None:
    nonsense: Request = {"Containers": [7, {"Image": "i", "ModelDataSource": 7}], "Tags": {"a": 1}}

    assert "Tags" not in problems_of(nonsense, {"ProductionVariants": 7, "MetricsConfig": []})

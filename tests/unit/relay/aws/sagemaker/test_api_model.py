"""What the API's own model forbids, and in which words."""

from typing import Any

import pytest
from relay.provision.specification.api_requests import Request

from tests.support.sagemaker.api import flaws

ROLE = "arn:aws:iam::000000000000:role/endpoint"


def model(**members: object) -> Request:
    return {
        "ModelName": "relay-1",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": "an-image"},
        **members,
    }


def container(**members: object) -> Request:
    return model(PrimaryContainer={"Image": "an-image", **members})


def config(**variant: object) -> Request:
    return {
        "EndpointConfigName": "relay-1",
        "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "relay-1", **variant}],
    }


def problems_of(operation: str, request: Request) -> dict[str, str]:
    return {flaw.path: flaw.problem for flaw in flaws(operation, request)}


def test_what_the_model_allows_has_no_flaw() -> None:
    request = model(
        VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
        EnableNetworkIsolation=True,
        Tags=[{"Key": "cost centre", "Value": "Übersetzung + 7"}],
    )

    assert problems_of("CreateModel", request) == {}


@pytest.mark.parametrize(
    ("request_", "path", "problem"),
    [
        (model(VpcConfig={"Subnets": ["s"]}), "VpcConfig.SecurityGroupIds", "is missing"),
        (
            model(VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": []}),
            "VpcConfig.Subnets",
            "must have from 1 to 16 entries, not 0",
        ),
        (
            model(VpcConfig={"SecurityGroupIds": ["sg_1"], "Subnets": ["s"]}),
            "VpcConfig.SecurityGroupIds[0]",
            "must match the pattern [-0-9a-zA-Z]+, not 'sg_1'",
        ),
        (model(EnableNetworkIsolation="true"), "EnableNetworkIsolation", "must be true or false"),
        (model(Tags=[{"Key": "k", "Value": 7}]), "Tags[0].Value", "must be a string, not 7"),
        (
            model(Tags=[{"Key": "k" * 129, "Value": ""}]),
            "Tags[0].Key",
            "must have from 1 to 128 characters, not 129",
        ),
        (
            container(ImageConfig={"RepositoryAccessMode": "Public"}),
            "PrimaryContainer.ImageConfig.RepositoryAccessMode",
            "must be one of Platform, Vpc, not 'Public'",
        ),
        (
            container(ImageConfig=None),
            "PrimaryContainer.ImageConfig",
            "must be a JSON object, not None",
        ),
        (
            container(ContainerHostnam="a"),
            "PrimaryContainer.ContainerHostnam",
            "is not known to SageMaker; did you mean ContainerHostname?",
        ),
        (
            container(ContainerHostname="\ud800"),
            "PrimaryContainer.ContainerHostname",
            "holds half a character",
        ),
    ],
)
def test_a_flaw_of_a_model_is_named_by_its_path(request_: Any, path: str, problem: str) -> None:
    assert problems_of("CreateModel", request_)[path].startswith(problem)


@pytest.mark.parametrize(
    ("member", "value", "problem"),
    [
        ("VolumeSizeInGB", 513, "must be from 1 to 512, not 513"),
        ("VolumeSizeInGB", True, "must be a whole number, not True"),
        ("VolumeSizeInGB", 1.5, "must be a whole number, not 1.5"),
        ("InitialInstanceCount", 0, "must be at least 1, not 0"),
        ("InitialVariantWeight", -0.5, "must be at least 0, not -0.5"),
        ("ModelDataDownloadTimeoutInSeconds", 59, "must be from 60 to 3600, not 59"),
    ],
)
def test_a_flaw_of_a_variant_is_named_by_its_path(member: str, value: object, problem: str) -> None:
    path = f"ProductionVariants[0].{member}"

    assert problems_of("CreateEndpointConfig", config(**{member: value})) == {path: problem}


def test_an_unknown_instance_type_is_answered_with_the_nearest() -> None:
    problem = problems_of("CreateEndpointConfig", config(InstanceType="ml.m5.lage"))

    assert "ml.m5.large" in problem["ProductionVariants[0].InstanceType"]


def test_values_that_may_be_secrets_are_never_shown() -> None:
    credentials = {"RepositoryCredentialsProviderArn": "hush" * 600}
    request = container(
        Environment={"TOKEN": "hush" * 300, "OTHER": 7},
        ImageConfig={"RepositoryAccessMode": "Vpc", "RepositoryAuthConfig": credentials},
    )

    problems = problems_of("CreateModel", request)

    assert len(problems) == 3
    assert not [problem for problem in problems.values() if "hush" in problem]


def test_a_long_value_is_shown_in_part() -> None:
    problem = problems_of("CreateModel", model(ModelName="_" * 60))["ModelName"]

    assert len(problem) < 150
    assert problem.endswith("…")

"""What an account asks of a stack: a key, a VPC, a permissions boundary, versions, logs."""

import re
from itertools import product
from typing import Any

import pytest
from relay.aws.clients import LIMITS

from local.stack.settings import REPOSITORY
from tests.template.template import Resource, allowed_when_deployed, deployed, resources, source

ROLES = [role.name for role in resources("IAM::Role")]
FUNCTIONS = [function.name for function in resources("Lambda::Function")]
PARAMETERS = {
    "key": {"KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"},
    "VPC": {"SubnetIds": "subnet-1a,subnet-1b", "SecurityGroupIds": "sg-1a"},
    "boundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary"},
    "versions": {"DataBucketVersioning": "Enabled"},
    "access log": {"AccessLogBucketName": "access-logs"},
    "protection": {"LedgerDeletionProtection": "true"},
}
COMBINATIONS = [
    frozenset(name for name, is_on in zip(PARAMETERS, chosen, strict=True) if is_on)
    for chosen in product((False, True), repeat=len(PARAMETERS))
]
# What Lambda does with the role of a function in a VPC.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
INTERFACES = {
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
    *("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses"),
    "ec2:UnassignPrivateIpAddresses",
}


def with_these(names: frozenset[str]) -> dict[str, str]:
    return {key: value for name in names for key, value in PARAMETERS[name].items()}


def in_force(found: dict[str, Resource]) -> dict[str, list[bool]]:
    """Each of the parameters' effects, at everything that it is to have an effect on."""
    roles = [found[name].properties for name in ROLES]
    functions = [found[name].properties for name in FUNCTIONS]
    bucket, ledger = found["DataBucket"].properties, found["LedgerTable"].properties
    vpc = {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}
    log = {
        "DestinationBucketName": {"Ref": "AccessLogBucketName"},
        "LogFilePrefix": {"Fn::Sub": "${AWS::StackName}/"},
    }
    return {
        "key": [each.get("KmsKeyArn") == {"Ref": "KmsKeyArn"} for each in functions],
        "VPC": [each.get("VpcConfig") == vpc for each in functions],
        "boundary": [
            each.get("PermissionsBoundary") == {"Ref": "PermissionsBoundaryArn"} for each in roles
        ],
        "versions": [
            bucket.get("VersioningConfiguration") == {"Status": {"Ref": "DataBucketVersioning"}}
        ],
        "access log": [bucket.get("LoggingConfiguration") == log],
        "protection": [ledger["DeletionProtectionEnabled"]],
    }


@pytest.mark.parametrize("names", COMBINATIONS, ids=lambda names: ", ".join(sorted(names)))
def test_each_parameter_has_its_effect_in_every_combination(names: frozenset[str]) -> None:
    found = in_force(deployed(**with_these(names)))

    assert {name for name, each in found.items() if all(each)} == names
    assert {name for name, each in found.items() if any(each)} == names


@pytest.mark.parametrize(
    ("given", "logs"),
    [
        ({}, ""),
        (
            PARAMETERS["access log"],
            {"Fn::Sub": "s3://${AccessLogBucketName}/${AWS::StackName}/"},
        ),
    ],
)
def test_the_check_of_locations_knows_where_the_access_logs_are(
    given: dict[str, str], logs: object
) -> None:
    assert deployed(**given)["CheckedLocations"].properties["AccessLogs"] == logs


def absent(found: dict[str, Resource], names: list[str], key: str) -> list[str]:
    return [name for name in names if key not in found[name].properties]


def test_nothing_of_it_is_there_by_default() -> None:
    """A bucket without the property was never versioned: a deletion leaves no delete marker."""
    found = deployed()

    assert absent(found, FUNCTIONS, "VpcConfig") == absent(found, FUNCTIONS, "KmsKeyArn")
    assert absent(found, FUNCTIONS, "VpcConfig") == FUNCTIONS
    assert absent(found, ROLES, "PermissionsBoundary") == ROLES
    bucket = found["DataBucket"].properties
    assert not {"VersioningConfiguration", "LoggingConfiguration"} & set(bucket)


@pytest.mark.parametrize("parameter", ["SubnetIds", "SecurityGroupIds"])
def test_subnets_without_security_groups_are_not_ignored(parameter: str) -> None:
    """Nor the other way round: Lambda refuses a VpcConfig that has only one of them."""
    found = deployed(**{parameter: "given"})

    assert absent(found, FUNCTIONS, "VpcConfig") == []


@pytest.mark.parametrize("names", [names for names in COMBINATIONS if len(names) < 3], ids=sorted)
@pytest.mark.parametrize("role", ROLES)
def test_only_a_function_in_a_vpc_has_a_role_for_its_interfaces(
    role: str, names: frozenset[str]
) -> None:
    allowed = [
        statement
        for statement in allowed_when_deployed(role, **with_these(names))
        if "ec2:" in str(statement["Action"])
    ]

    found = {action for statement in allowed for action in statement["Action"]}
    is_functions = role.replace("Role", "Function") in FUNCTIONS
    assert found == (INTERFACES if is_functions and "VPC" in names else set())
    # The key is in the context of the code's own calls, and of no call of Lambda.
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    outside = {"Null": {"lambda:SourceFunctionArn": "true"}}
    assert all(statement["Condition"] == outside for statement in allowed)


@pytest.mark.parametrize(
    ("parameter", "taken", "refused"),
    [
        ("SubnetIds", "subnet-0a1b2c", "10.0.0.0/16"),
        ("SecurityGroupIds", "sg-0a1b2c", "default"),
        ("AccessLogBucketName", "my.access-logs", "s3://access-logs"),
        ("PermissionsBoundaryArn", "arn:aws-cn:iam::123456789012:policy/a/b", "boundary"),
        ("PermissionsBoundaryArn", "arn:aws:iam::aws:policy/PowerUserAccess", "*"),
    ],
)
def test_a_value_that_aws_would_refuse_is_refused_before_anything_is_made(
    parameter: str, taken: str, refused: str
) -> None:
    declared: dict[str, Any] = source()["Parameters"][parameter]

    for value in ("", taken):
        assert re.fullmatch(declared["AllowedPattern"], value)
    assert not re.fullmatch(declared["AllowedPattern"], refused)


# Names of VPC endpoints that are not the clients' own.
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
ENDPOINTS = {
    "cloudwatch": "monitoring",
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
}


@pytest.mark.parametrize("client", LIMITS)
def test_the_vpc_endpoint_of_every_client_is_documented(client: str) -> None:
    page = (REPOSITORY / "docs/how-to/deploy.md").read_text()

    assert f"`com.amazonaws.REGION.{ENDPOINTS.get(client, client)}`" in page

"""Customer-managed KMS keys: what is taken for one, and what may be done with it."""

import re
from typing import Any

import pytest

from tests.template.template import allowed_when_deployed, deployed, source

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
# Those that name a key; CreateTopicKey is true or false.
PARAMETERS = {
    name: each
    for name, each in source()["Parameters"].items()
    if "Key" in name and "AllowedValues" not in each
}

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
SERVICE_CONDITIONS = ("aws:CalledViaLast", "iam:AWSServiceName", "iam:PassedToService")


def test_the_parameters_about_keys_are_known() -> None:
    endpoint = {"OutputKmsKeyId", "VolumeKmsKeyId"}

    assert set(PARAMETERS) == {*endpoint, "RouteTargetKeyArns", "KmsKeyArn"}


@pytest.mark.parametrize("parameter", PARAMETERS)
class TestAParameterForAKey:
    @pytest.mark.parametrize(
        "value",
        ["", KEY, KEY.replace("aws", "aws-cn"), KEY.replace("key/", "key/mrk-")],
    )
    def test_takes_the_arn_of_a_key_or_nothing(self, parameter: str, value: str) -> None:
        assert re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)

    @pytest.mark.parametrize(
        "value",
        [
            "arn:aws:kms:eu-central-1:123456789012:alias/data",
            "alias/data",
            "0a1b2c3d-0000-1111-2222-333344445555",
            "arn:aws:kms:eu-central-1:123456789012:key/*",
        ],
    )
    def test_refuses_what_iam_would_never_match(self, parameter: str, value: str) -> None:
        """https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"""
        assert not re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)

    def test_says_why_an_alias_is_refused(self, parameter: str) -> None:
        assert "alias" in PARAMETERS[parameter]["ConstraintDescription"]


def allowed(role: str, **parameters: str) -> list[tuple[str, Any]]:
    """What a role may do with keys: action and condition."""
    return [
        (statement["Action"], statement.get("Condition", {}))
        for statement in allowed_when_deployed(role, **parameters)
        if "kms:" in str(statement["Action"])
    ]


@pytest.mark.parametrize("role", ["ProvisionRole", "EndpointExecutionRole"])
def test_sagemaker_gets_its_grant_for_volumes_whichever_condition_its_call_meets(
    role: str,
) -> None:
    found = allowed(role, VolumeKmsKeyId=KEY)

    assert ("kms:DescribeKey", {}) in found
    conditions = [condition for action, condition in found if action == "kms:CreateGrant"]
    via = {"Fn::Sub": "sagemaker.${AWS::Region}.${AWS::URLSuffix}"}
    assert conditions == [
        {"StringEquals": {"kms:ViaService": via}},
        {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    ]
    assert allowed(role, CreateTopicKey="false") == []


def test_no_address_of_a_service_holds_for_one_partition_only() -> None:
    """Service principals are; they end in amazonaws.com in China too."""
    principals = ("Principal", "Service", *SERVICE_CONDITIONS)

    def addresses(value: Any, key: str = "") -> list[str]:
        match value:
            case dict():
                return [found for name, each in value.items() for found in addresses(each, name)]
            case list():
                return [found for each in value for found in addresses(each, key)]
            case str() if "amazonaws.com" in value and key not in principals:
                return [value]
        return []

    found = deployed(VolumeKmsKeyId=KEY, KmsKeyArn=KEY)
    written = addresses({name: dict(each.properties) for name, each in found.items()})
    # The path of a service-linked role holds a principal too.
    assert [each for each in written if "/aws-service-role/" not in each] == []

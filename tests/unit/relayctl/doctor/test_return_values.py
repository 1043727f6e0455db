"""ARNs as CloudFormation returns them."""

import pytest

from relayctl.doctor.return_values import arn


@pytest.mark.parametrize(
    ("resource_type", "name", "expected"),
    [
        ("AWS::Logs::LogGroup", "/aws/lambda/a", "logs:us-east-1:1:log-group:/aws/lambda/a:*"),
        ("AWS::SSM::Parameter", "/a/b", "ssm:us-east-1:1:parameter/a/b"),
        ("AWS::SSM::Parameter", "b", "ssm:us-east-1:1:parameter/b"),
    ],
)
def test_an_arn_has_one_slash_before_a_name(resource_type: str, name: str, expected: str) -> None:
    assert arn(resource_type, name, "aws", "us-east-1", "1") == f"arn:aws:{expected}"

"""A model gets the values of its environment's references, and nothing else has them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from relay.aws.dynamodb.json_codec import to_json
from relay.aws.model_environment import SsmEnvironment
from relay.aws.sagemaker.control_plane import SageMakerControlPlane
from relay.errors import PermanentError

from tests.support.provisioning.properties import REGION, specification

KEY, SECRET = "/fraud/api-key", "/aws/reference/secretsmanager/fraud"
REFERRING = specification(
    ModelEnvironment=f"""{{"WORKERS": "2", "API_KEY": {{"valueFrom": "{KEY}"}},
        "PASSWORD": {{"valueFrom": "{SECRET}"}}}}"""
)


class Account:
    """A secure string, a secret and models."""

    def __init__(self) -> None:
        session = boto3.Session("test", "test", region_name=REGION)
        self.sagemaker: Any = session.client("sagemaker")
        self.ssm: Any = session.client("ssm")
        self.put("s3cret")
        session.client("secretsmanager").create_secret(Name="fraud", SecretString="passw0rd")
        self.plane = SageMakerControlPlane(lambda: self.sagemaker, SsmEnvironment(lambda: self.ssm))

    def put(self, value: str) -> None:
        self.ssm.put_parameter(Name=KEY, Value=value, Type="SecureString", Overwrite=True)

    def environment(self) -> Any:
        model = self.sagemaker.describe_model(ModelName=REFERRING.generation.model)
        return model["PrimaryContainer"]["Environment"]


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        yield Account()


def test_a_model_gets_the_values_of_parameters_and_secrets(account: Account) -> None:
    account.plane.create_model(REFERRING)

    assert account.environment() == {"WORKERS": "2", "API_KEY": "s3cret", "PASSWORD": "passw0rd"}


def test_the_values_are_not_in_what_is_stored(account: Account) -> None:
    account.plane.create_model(REFERRING)

    stored = to_json(REFERRING)
    assert KEY in stored
    assert "s3cret" not in stored and "passw0rd" not in stored


def test_a_model_that_exists_needs_no_values_any_more(account: Account) -> None:
    account.plane.create_model(REFERRING)
    account.ssm.delete_parameter(Name=KEY)

    account.plane.create_model(REFERRING)

    assert account.environment()["API_KEY"] == "s3cret"


def test_a_parameter_that_does_not_exist_is_named_with_its_variable(account: Account) -> None:
    account.ssm.delete_parameter(Name=KEY)

    with pytest.raises(PermanentError, match=f"read parameter {KEY} for ModelEnvironment.API_KEY"):
        account.plane.create_model(REFERRING)


def test_a_value_that_is_too_long_is_refused_without_being_shown(account: Account) -> None:
    account.put("ü" * 513)

    with pytest.raises(PermanentError, match="it has 1026 bytes; SageMaker takes 1024") as refusal:
        account.plane.create_model(REFERRING)

    assert "üü" not in str(refusal.value)

"""The environment of a model: values, and references to values."""

import pytest
from relay.errors import ConfigurationError
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import specification


def with_environment(text: str) -> Specification:
    return specification(ModelEnvironment=text)


def test_values_and_references_are_told_apart() -> None:
    found = with_environment(
        '{"WORKERS": "2", "API_KEY": {"valueFrom": "/aws/reference/secretsmanager/fraud"}}'
    )

    assert found.model_environment == {"WORKERS": "2"}
    assert found.environment_references == {"API_KEY": "/aws/reference/secretsmanager/fraud"}


def test_another_reference_makes_another_model() -> None:
    one = with_environment('{"API_KEY": {"valueFrom": "/fraud/api-key:1"}}')
    other = with_environment('{"API_KEY": {"valueFrom": "/fraud/api-key:2"}}')

    assert one.generation.model != other.generation.model


def test_an_environment_without_references_keeps_its_model() -> None:
    assert "environment_references" not in str(specification().generation)
    assert specification().generation == with_environment("{}").generation


@pytest.mark.parametrize(
    "reference",
    [
        "{}",
        '{"valueFrom": "api-key"}',
        '{"valueFrom": "/fraud//key"}',
        '{"valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/fraud/key"}',
        '{"valueFrom": 1}',
        '{"valueFrom": "/fraud/key", "name": "KEY"}',
    ],
)
def test_what_is_no_reference_is_refused_with_its_form(reference: str) -> None:
    with pytest.raises(ConfigurationError, match="API_KEY must be a string, or .*valueFrom"):
        with_environment(f'{{"API_KEY": {reference}}}')


def test_a_number_is_refused_as_before() -> None:
    with pytest.raises(ConfigurationError, match="WORKERS must be a string: put it in quotes"):
        with_environment('{"WORKERS": 2}')

"""The table of the endpoint's properties, and what derives from it."""

from typing import Any

import botocore.session
import pytest
from relay.errors import ConfigurationError
from relay.provision.specification import overrides, validation
from relay.provision.specification.api_requests import create_endpoint_config
from relay.provision.specification.endpoint_properties import (
    ENDPOINT_PROPERTIES,
    EndpointProperty,
    Span,
)

from tests.support.provisioning.properties import specification

TIMEOUT = EndpointProperty(
    "ContainerStartupHealthCheckTimeoutInSeconds",
    ("EndpointConfig.ProductionVariants[].ContainerStartupHealthCheckTimeoutInSeconds",),
    Span(60, 3600),
    passed_on=True,
)


@pytest.mark.parametrize(
    "member", [member for each in ENDPOINT_PROPERTIES for member in each.members]
)
def test_every_member_is_one_of_the_api(member: str) -> None:
    section, *steps = member.split(".")
    service = botocore.session.get_session().get_service_model("sagemaker")
    operations = {"Model": "CreateModel", "EndpointConfig": "CreateEndpointConfig"}
    shape: Any = service.operation_model(operations[section]).input_shape

    for step in steps:
        shape = shape.members[step.removesuffix("[]")]
        shape = shape.member if step.endswith("[]") else shape

    assert shape is not None


@pytest.fixture
def with_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables as they are with one more row."""
    member = TIMEOUT.members[0]
    monkeypatch.setattr(overrides, "ENDPOINT_PROPERTIES", (*ENDPOINT_PROPERTIES, TIMEOUT))
    monkeypatch.setitem(overrides.REFUSED, member, TIMEOUT.instead)
    monkeypatch.setitem(validation._ORIGINS, member.replace("[]", "[0]"), TIMEOUT.name)


@pytest.mark.usefixtures("with_timeout")
def test_a_property_that_is_passed_on_reaches_its_member() -> None:
    given = specification(
        ContainerStartupHealthCheckTimeoutInSeconds="1800",
        EndpointSpecification='{"EndpointConfig": {"ProductionVariants": [{"VolumeSizeInGB": 9}]}}',
    )

    config: Any = create_endpoint_config(given)
    [variant] = config["ProductionVariants"]
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 1800
    assert variant["VolumeSizeInGB"] == 9
    assert given.generation != specification().generation


@pytest.mark.usefixtures("with_timeout")
@pytest.mark.parametrize("empty", ["", None])
def test_a_property_that_is_passed_on_may_be_left_out(empty: str | None) -> None:
    changes = {} if empty is None else {TIMEOUT.name: empty}

    assert specification(**changes) == specification()


@pytest.mark.usefixtures("with_timeout")
@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({TIMEOUT.name: "59"}, f"{TIMEOUT.name} must be a whole number from 60 to 3600, not '59'"),
        (
            {
                "EndpointSpecification": '{"EndpointConfig": {"ProductionVariants": '
                f'[{{"{TIMEOUT.name}": 60}}]}}}}'
            },
            f"use the parameter {TIMEOUT.name}",
        ),
    ],
)
def test_a_property_that_is_passed_on_is_said_in_one_way(
    properties: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        specification(**properties)

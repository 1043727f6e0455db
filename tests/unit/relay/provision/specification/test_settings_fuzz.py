"""Random settings of updates and scaling: what the relay accepts, AWS's models of its APIs accept.

The emulator checks the rules that the model of SageMaker's API cannot express.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from unittest.mock import MagicMock

import botocore.session
import pytest
from async_endpoint_emulator.api.rules import accept
from botocore.validate import ParamValidator
from hypothesis import example, given, settings
from hypothesis import strategies as st
from relay.aws.sagemaker.autoscaling import ApplicationAutoScaling
from relay.aws.sagemaker.deployment_config import deployment_config
from relay.errors import ConfigurationError
from relay.provision.specification.deployment import Strategy
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import specification
from tests.support.sagemaker.api import flaws
from tests.template.template import source

FUZZ = settings(max_examples=200, deadline=None)
LARGEST = 2**31 - 1
NUMBERS = st.one_of(
    st.sampled_from(["", "0", "1", "1.5", "-1", "1e3", "NaN", str(LARGEST), str(LARGEST + 1)]),
    st.integers(0, 40_000).map(str),
    st.floats(0, 100).map(str),
)
DEPLOYMENTS = st.fixed_dictionaries(
    {},
    optional={
        "DeploymentStrategy": st.sampled_from([*Strategy]),
        "DeploymentStepPercent": st.integers(0, 60).map(str),
        "DeploymentWaitSeconds": NUMBERS,
        "DeploymentTerminationWaitSeconds": NUMBERS,
        "DeploymentMaximumSeconds": NUMBERS,
        "RollbackAlarmNames": st.lists(
            st.one_of(st.text(max_size=5), st.integers(250, 260).map("a".__mul__)), max_size=11
        ),
    },
)
SCALINGS = st.fixed_dictionaries(
    {"MaxInstanceCount": NUMBERS},
    optional=dict.fromkeys(
        (
            "InstanceCount",
            "MinInstanceCount",
            "TargetBacklogPerInstance",
            "ScaleInCooldownSeconds",
            "ScaleOutCooldownSeconds",
        ),
        NUMBERS,
    ),
)
PARAMETERS = source()["Parameters"]


def read(changes: Mapping[str, object]) -> Specification | None:
    """Return None where the relay refuses the settings, and names one of them."""
    try:
        return specification(**changes)
    except ConfigurationError as refusal:
        assert any(name in str(refusal) for name in changes)
        return None


@FUZZ
@given(DEPLOYMENTS)
def test_settings_of_an_update_that_the_relay_accepts_are_accepted(
    changes: dict[str, object],
) -> None:
    if (accepted := read(changes)) is None or accepted.deployment.plain:
        return

    request: dict[str, object] = {
        "EndpointName": "relay",
        "EndpointConfigName": "relay-1",
        "DeploymentConfig": deployment_config(accepted.deployment),
    }

    assert flaws("UpdateEndpoint", request) == []
    assert accept("UpdateEndpoint", request)
    assert accepted.deployment.planned_seconds < accepted.deployment.maximum_seconds


@FUZZ
@given(SCALINGS)
@example({"MaxInstanceCount": "2147483647", "TargetBacklogPerInstance": "2147483648"})
def test_scaling_that_the_relay_accepts_is_accepted(changes: dict[str, object]) -> None:
    accepted = read(changes)
    if accepted is None or accepted.scaling is None:
        return
    client = MagicMock()

    autoscaler = ApplicationAutoScaling(lambda: client, MagicMock(), "stack")
    autoscaler.register("relay", accepted.scaling)

    for operation, call in {
        "RegisterScalableTarget": client.register_scalable_target,
        "PutScalingPolicy": client.put_scaling_policy,
    }.items():
        for each in call.call_args_list:
            assert not ParamValidator().validate(each.kwargs, input_of(operation)).has_errors()
            assert all(abs(number) <= LARGEST for number in integers(each.kwargs))


@pytest.mark.parametrize("strategy", PARAMETERS["DeploymentStrategy"]["AllowedValues"])
def test_every_strategy_fits_the_defaults_of_the_other_parameters(strategy: str) -> None:
    defaults = {
        name: str(each["Default"])
        for name, each in PARAMETERS.items()
        if name.startswith("Deployment")
    }

    accepted = specification(
        **{**defaults, "DeploymentStrategy": strategy, "RollbackAlarmNames": ["relay-failures"]}
    )

    # The waits leave time for the instances of each step to start.
    assert accepted.deployment.planned_seconds <= accepted.deployment.maximum_seconds / 2


@pytest.mark.parametrize("value", ["1.5", "2.25"])
def test_a_fraction_that_the_template_accepts_is_accepted(value: str) -> None:
    """The type Number of CloudFormation accepts fractions, and TargetValue is a double."""
    assert PARAMETERS["TargetBacklogPerInstance"]["Type"] == "Number"
    scaling = specification(MaxInstanceCount="2", TargetBacklogPerInstance=value).scaling

    assert scaling is not None
    assert scaling.target_backlog == float(value)


@cache
def input_of(operation: str) -> Any:
    service = botocore.session.get_session().get_service_model("application-autoscaling")
    return service.operation_model(operation).input_shape


def integers(value: object) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from integers(member)

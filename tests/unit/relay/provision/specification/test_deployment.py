"""The deployment configuration of an update, from the stack's properties."""

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.errors import ConfigurationError
from relay.provision.specification.deployment import Deployment, Strategy
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import specification

SETTINGS: dict[str, object] = {
    "DeploymentStrategy": "Canary",
    "DeploymentStepPercent": "20",
    "DeploymentWaitSeconds": "600",
    "DeploymentTerminationWaitSeconds": "60",
    "DeploymentMaximumSeconds": "3000",
    "RollbackAlarmNames": ["relay-failures", "", "my-own, relay-failures"],
}


def test_the_settings_are_read() -> None:
    assert specification(**SETTINGS).deployment == Deployment(
        Strategy.CANARY, 20, 600, 60, 3000, ("relay-failures", "my-own")
    )


def test_without_settings_an_update_is_all_at_once() -> None:
    assert specification().deployment.plain


def test_settings_change_no_name() -> None:
    assert specification(**SETTINGS).generation == specification().generation


def test_settings_are_stored_with_the_rest() -> None:
    stored = specification(ModelDataVersion="abc", **SETTINGS)

    assert from_json(Specification, to_json(stored)) == stored


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"DeploymentStrategy": "BigBang"}, "DeploymentStrategy must be one of AllAtOnce, Canary"),
        ({"DeploymentStepPercent": "51"}, "DeploymentStepPercent must be a whole number from 5 to"),
        ({"DeploymentWaitSeconds": "3601"}, "DeploymentWaitSeconds must be a whole number from 0"),
        ({"DeploymentTerminationWaitSeconds": "-1"}, "DeploymentTerminationWaitSeconds must be"),
        ({"DeploymentMaximumSeconds": "599"}, "DeploymentMaximumSeconds must be a whole number"),
        ({"RollbackAlarmNames": [1]}, "RollbackAlarmNames must be a list of strings"),
        (
            {"RollbackAlarmNames": [str(n) for n in range(11)]},
            "has 11 alarms; SageMaker accepts at most 10",
        ),
        ({"RollbackAlarmNames": ["a" * 256]}, "RollbackAlarmNames has a name of 256 characters"),
        ({"RollbackAlarmNames": ["a\nb"]}, "has a name with a line break"),
        ({"WatchRollbackAlarms": "no"}, "WatchRollbackAlarms must be true or false, not 'no'"),
        (
            {"DeploymentStrategy": "Linear", "DeploymentStepPercent": "9"},
            "must be at least 10 for a Linear deployment, not 9",
        ),
        (
            {"DeploymentStrategy": "Linear", "DeploymentStepPercent": "30"},
            "the waits of this Linear deployment take 2460 seconds: increase "
            "DeploymentMaximumSeconds or DeploymentStepPercent, or decrease DeploymentWaitSeconds "
            "or DeploymentTerminationWaitSeconds$",
        ),
        (
            {"DeploymentStrategy": "Rolling", "DeploymentStepPercent": "5"},
            "DeploymentMaximumSeconds or DeploymentStepPercent, or decrease DeploymentWaitSeconds$",
        ),
        (
            {"DeploymentWaitSeconds": "2000", "DeploymentTerminationWaitSeconds": "0"},
            "increase DeploymentMaximumSeconds, or decrease DeploymentWaitSeconds$",
        ),
    ],
)
def test_what_sagemaker_would_not_take_is_refused(changes: dict[str, object], problem: str) -> None:
    settings = {**SETTINGS, "DeploymentMaximumSeconds": "2460", **changes}

    with pytest.raises(ConfigurationError, match=problem):
        specification(**settings)


def test_a_rolling_deployment_has_no_termination_wait() -> None:
    """RollingUpdatePolicy has no member for one."""
    rolling = {"DeploymentStrategy": "Rolling", "DeploymentTerminationWaitSeconds": "3600"}

    assert specification(**rolling).deployment.planned_seconds == 1200
    assert specification(**rolling).deployment.whole().termination_wait_seconds == 0


def test_ten_alarms_with_the_longest_names_are_taken() -> None:
    names = [f"{n}".rjust(255, "a") for n in range(10)]

    assert len(specification(RollbackAlarmNames=names).deployment.alarms) == 10


def test_another_version_of_the_artifact_is_another_generation() -> None:
    first, second = (specification(ModelDataVersion=etag).generation for etag in ("a", "b"))

    assert first.model != second.model
    assert first.config != second.config

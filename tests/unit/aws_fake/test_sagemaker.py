"""SageMaker's control plane: statuses, refusals, and descriptions that lag."""

import pytest
from botocore.exceptions import ClientError

from tests.support.aws_fake.account import Account
from tests.unit.aws_fake.making import config, make_config, make_endpoint, status, update, wait


def test_a_creation_takes_its_time(account: Account) -> None:
    make_config(account)
    account.clients.sagemaker.create_endpoint(EndpointName="relay", EndpointConfigName="relay-c1")

    before = status(account)
    wait(account)

    assert (before, status(account)) == ("Creating", "InService")


def test_a_creation_fails_with_a_broken_artifact(account: Account) -> None:
    account.sagemaker.broken.add("s3://m/relay-c1")

    make_endpoint(account)

    assert status(account) == "Failed"
    with pytest.raises(ClientError, match="Cannot update failed endpoint"):
        update(account, "relay-c1")


def test_an_update_replaces_configuration_and_capacity(account: Account) -> None:
    make_endpoint(account)
    account.sagemaker.scale("relay", 5)
    wait(account)
    make_config(account, "relay-c2")

    update(account, "relay-c2", RetainAllVariantProperties=True)
    under_way = status(account), config(account)
    wait(account)
    retained = account.sagemaker.state("relay")
    update(account, "relay-c1")
    wait(account)
    reset = account.sagemaker.state("relay")

    assert under_way == ("Updating", "relay-c1")
    assert retained and (retained.config, retained.desired) == ("relay-c2", 5)
    assert reset and (reset.config, reset.desired) == ("relay-c1", 2)


@pytest.mark.parametrize(("stuck", "ends"), [(False, "InService"), (True, "UpdateRollbackFailed")])
def test_an_update_that_fails_is_rolled_back(account: Account, stuck: bool, ends: str) -> None:
    make_endpoint(account)
    make_config(account, "relay-c2")
    account.sagemaker.broken.add("s3://m/relay-c2")
    if stuck:
        account.sagemaker.stuck.add("s3://m/relay-c2")

    update(account, "relay-c2")
    wait(account, 301)
    rolling_back = status(account)
    wait(account)

    assert (rolling_back, status(account), config(account)) == ("RollingBack", ends, "relay-c1")


def test_an_endpoint_in_transition_takes_no_change(account: Account) -> None:
    make_endpoint(account)
    update(account, "relay-c1")

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        update(account, "relay-c1")
    with pytest.raises(ClientError, match="Cannot delete in-progress endpoint"):
        account.clients.sagemaker.delete_endpoint(EndpointName="relay")


def test_every_change_moves_the_time_of_the_last_one(account: Account) -> None:
    make_endpoint(account)
    times = []
    for _ in range(2):
        state = account.sagemaker.state("relay")
        assert state is not None
        times.append(state.modified)
        account.sagemaker.scale("relay", 3)
        wait(account)

    assert times[0] < times[1]


def test_descriptions_lag_after_creation_and_deletion(account: Account) -> None:
    make_endpoint(account)
    account.sagemaker.lag = 5
    account.clients.sagemaker.delete_endpoint(EndpointName="relay")

    at_once = status(account)
    wait(account, 6)
    later = status(account)
    wait(account, 57)
    gone_but_seen = status(account), account.sagemaker.state("relay")
    wait(account, 6)

    assert (at_once, later, gone_but_seen) == ("InService", "Deleting", ("Deleting", None))
    with pytest.raises(ClientError, match='Could not find endpoint "arn'):
        status(account)


def test_what_was_just_made_is_not_there_for_every_part(account: Account) -> None:
    account.sagemaker.lag = 5

    with pytest.raises(ClientError, match='Could not find model "arn'):
        make_config(account)


def test_an_instance_type_of_a_scalable_target_cannot_change(account: Account) -> None:
    make_endpoint(account)
    make_config(account, "relay-c2", type="ml.m5.xlarge")
    account.clients.autoscaling.register_scalable_target(
        ResourceId="endpoint/relay/variant/AllTraffic", MinCapacity=1, MaxCapacity=4
    )

    with pytest.raises(ClientError, match="must be deregistered as scalable targets"):
        update(account, "relay-c2")


@pytest.mark.parametrize("operation", ["delete_endpoint_config", "delete_model"])
def test_deleting_what_is_in_use_succeeds_and_is_a_violation(
    account: Account, operation: str
) -> None:
    make_endpoint(account)
    member = "ModelName" if operation == "delete_model" else "EndpointConfigName"

    getattr(account.clients.sagemaker, operation)(**{member: "relay-c1"})

    assert len(account.sagemaker.violations) == 1


def test_changing_what_another_principal_made_is_a_violation(account: Account) -> None:
    make_endpoint(account)
    account.sagemaker.replace("relay", "theirs")

    account.clients.sagemaker.delete_endpoint(EndpointName="relay")

    assert account.sagemaker.violations == [
        "theirs, which the relay did not make, was taken out of service"
    ]


def test_steps_need_two_instances(account: Account) -> None:
    make_endpoint(account)
    account.sagemaker.scale("relay", 1)
    wait(account)
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": {"Value": 50}}}

    with pytest.raises(ClientError, match="at most 50%"):
        update(account, "relay-c1", RetainAllVariantProperties=True, DeploymentConfig=rolling)

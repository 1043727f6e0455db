"""Faults of calls: what the caller sees, and whether the call has its effect."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.aws_fake.account import Account
from tests.support.aws_fake.calls import FUNCTION_SECONDS
from tests.support.aws_fake.faults import Killed, Kind
from tests.unit.aws_fake.conftest import Open
from tests.unit.aws_fake.making import make_endpoint, status, wait

RESOURCE = "endpoint/relay/variant/AllTraffic"


def put(account: Account, version: str = "1") -> None:
    account.clients.dynamodb.put_item(
        TableName="t",
        Item={"id": {"S": "a"}, "version": {"N": version}},
        ConditionExpression="attribute_not_exists(id)",
    )


@pytest.mark.parametrize(
    ("kind", "raised", "effect"),
    [
        (Kind.THROTTLED, ClientError, False),
        (Kind.NO_EFFECT, BotoCoreError, False),
        (Kind.LOST, BotoCoreError, True),
        (Kind.KILLED_BEFORE, Killed, False),
        (Kind.KILLED_AFTER, Killed, True),
        (Kind.DENIED, ClientError, False),
        (Kind.DENIED_LONG, ClientError, False),
    ],
)
def test_a_fault_has_its_effect_or_not(
    opened: Open, kind: Kind, raised: type[BaseException], effect: bool
) -> None:
    account = opened({0: kind})

    with pytest.raises(raised):
        put(account)

    assert bool(account.tables.items) is effect


def test_a_lost_answer_makes_the_sdk_refute_its_own_write(opened: Open) -> None:
    account = opened({0: Kind.LOST_ONCE})

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        put(account)

    assert account.tables.items


def test_a_denial_ends(opened: Open) -> None:
    account = opened({0: Kind.DENIED})
    with pytest.raises(ClientError, match="not authorized"):
        put(account)

    wait(account, 80)
    with pytest.raises(ClientError, match="not authorized"):
        account.clients.dynamodb.get_item(TableName="t", Key={"id": {"S": "b"}})
    wait(account, 20)
    put(account)

    assert account.tables.items


def test_a_function_ends_at_its_deadline(opened: Open) -> None:
    account = opened({0: Kind.LOST, 1: Kind.LOST})
    began = account.clock.seconds
    with pytest.raises(BotoCoreError):
        status(account)  # 33 seconds

    with pytest.raises(Killed):
        status(account)

    assert account.clock.seconds - began == FUNCTION_SECONDS


def test_a_read_that_is_not_consistent_gives_what_was_there_before(account: Account) -> None:
    put(account)

    stale = account.clients.dynamodb.get_item(TableName="t", Key={"id": {"S": "a"}})
    fresh = account.clients.dynamodb.get_item(
        TableName="t", Key={"id": {"S": "a"}}, ConsistentRead=True
    )

    assert (stale, fresh["Item"]["version"]) == ({}, {"N": "1"})


def test_an_update_of_an_item_has_a_condition(account: Account) -> None:
    put(account)
    lease = {
        "TableName": "t",
        "Key": {"id": {"S": "a"}},
        "UpdateExpression": "SET lease = :me",
        "ConditionExpression": "attribute_not_exists(lease)",
        "ExpressionAttributeValues": {":me": {"S": "i-1"}},
    }

    taken = account.clients.dynamodb.update_item(**lease, ReturnValues="ALL_NEW")

    assert taken["Attributes"]["lease"] == {"S": "i-1"}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        account.clients.dynamodb.update_item(**lease)


def test_the_role_covers_endpoints_by_their_names(account: Account) -> None:
    account.role.cover("other", delay=60)
    sagemaker = account.clients.sagemaker

    with pytest.raises(ClientError, match="not authorized"):
        sagemaker.delete_endpoint(EndpointName="relay")
    with pytest.raises(ClientError, match="not authorized"):
        sagemaker.create_model(ModelName="relay-1")
    with pytest.raises(ClientError, match="not authorized"):
        sagemaker.create_model(ModelName="other-1")
    wait(account, 60)

    assert sagemaker.create_model(ModelName="other-1")


def test_nothing_is_allowed_once_the_role_is_gone(account: Account) -> None:
    account.role.there = False

    with pytest.raises(ClientError, match="not authorized"):
        put(account)


def test_the_service_linked_role_of_a_fresh_account_cannot_be_assumed_at_once(
    account: Account,
) -> None:
    make_endpoint(account)
    account.autoscaling.role_made = None

    def register() -> None:
        account.clients.autoscaling.register_scalable_target(
            ResourceId=RESOURCE, MinCapacity=0, MaxCapacity=4
        )

    with pytest.raises(ClientError, match="Unable to assume IAM role"):
        register()
    wait(account, 61)
    register()

    assert account.autoscaling.bounds("relay") == (0, 4)


def test_deregistration_deletes_the_alarms_of_policies_and_no_others(account: Account) -> None:
    make_endpoint(account)
    scaling, cloudwatch = account.clients.autoscaling, account.clients.cloudwatch
    scaling.register_scalable_target(ResourceId=RESOURCE, MinCapacity=0, MaxCapacity=4)
    scaling.put_scaling_policy(
        PolicyName="backlog", ResourceId=RESOURCE, PolicyType="TargetTrackingScaling"
    )
    cloudwatch.put_metric_alarm(AlarmName="relay-wake-from-zero")
    assert len(account.cloudwatch.alarms) == 3

    scaling.deregister_scalable_target(ResourceId=RESOURCE)

    assert list(account.cloudwatch.alarms) == ["relay-wake-from-zero"]
    with pytest.raises(ClientError, match="No scalable target found"):
        scaling.deregister_scalable_target(ResourceId=RESOURCE)


def test_an_operation_that_the_fake_does_not_know_says_so(account: Account) -> None:
    with pytest.raises(AttributeError, match="has no operation list_domains"):
        account.clients.sagemaker.list_domains()

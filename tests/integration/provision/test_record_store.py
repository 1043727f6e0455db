"""The record store in DynamoDB and its fake fulfil the same contract."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from relay.aws.dynamodb.record_store import DynamoDbRecordStore
from relay.errors import PermanentError, RelayError
from relay.provision.endpoint import EndpointStatus
from relay.provision.lifecycle.custom_resource import (
    PendingRequest,
    RequestType,
    Response,
    StackChange,
)
from relay.provision.lifecycle.ports import Outdated, RecordStore
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Recipe, RollOut, RollOutKind
from relay.provision.specification.existing import Adoption
from relay.provision.specification.scaling import Registration
from relay.provision.specification.specification import Generation

from tests.support.provisioning.control_plane import FakeClock
from tests.support.provisioning.fuse import Fuse
from tests.support.provisioning.ports import FakeRecordStore
from tests.support.provisioning.properties import specification
from tests.support.provisioning.requests import create, update
from tests.support.provisioning.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "ledger"
WAITING = PendingRequest(
    type=RequestType.UPDATE,
    request_id="update-1",
    response_url="https://answers.example/?secret",
    stack_id="stack",
    logical_resource_id="Endpoint",
    physical_resource_id="relay",
    since=datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
)
MADE = Generation("relay-aa", "relay-bb", "an/image:1")


@pytest.fixture
def dynamodb() -> Iterator["DynamoDBClient"]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield client


@pytest.fixture(params=["DynamoDB", "the stand-in"])
def store(
    request: pytest.FixtureRequest, dynamodb: "DynamoDBClient", clock: FakeClock
) -> RecordStore:
    if request.param == "DynamoDB":
        return DynamoDbRecordStore(dynamodb, TABLE, clock)
    return FakeRecordStore(Fuse(), clock)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def busy_record() -> Record:
    """One with something in every field."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    recipe = Recipe({"InstanceType": "ml.m5.large", "IncludeInferenceResponseIn": [""]}, {"A": "é"})
    change = StackChange({"A": "1"}, {"A": "0"}, creating=True, before=recipe)
    asked = RollOut(
        "d", RollOutKind.DEPLOY, "me", at, {"ModelDataUrl": "s3://a/b"}, {"Setting": "1"}
    )
    record = replace(
        Record("relay"), unused=(MADE,), former_names=("old",), newest_upload="2026 00FF"
    )
    target = specification(
        ModelEnvironment='{"A": "é"}',
        IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"],
        RollbackAlarmNames=["relay-failures"],
    )
    config = target.generation.config
    return replace(
        record.accept(WAITING, [(Generation("relay-cc", "relay-dd", "an/image:2"), recipe)])
        .serve(
            target,
            recipe,
            replace(asked, kind=RollOutKind.STACK).begun("relay-dd", config, at),
            creating=True,
            retain_capacity=False,
        )
        .ask(change)
        .queue(replace(asked, id="q1"), at)
        .queue(replace(asked, id="q2"), at)
        .attempting("relay-dd", at)
        .called(at)
        .refused(at, resumes_at=at),
        failure="no ping",
        response=Response(WAITING, "relay", "no ping", {"Image": "an/image:1"}),
        registration=Registration(sure=False, ended_at=at),
        unseen_until=at,
        succeeded={"A": "1"},
        recreating=True,
        adoption=Adoption("relay", "s3://a/outputs", "s3://a/failures", "success", "error"),
    )


def test_there_are_no_records_at_first(store: RecordStore) -> None:
    assert store.load("relay") is None


def test_what_is_stored_is_found_again(store: RecordStore) -> None:
    empty = [name for name, value in asdict(busy_record()).items() if not value]
    saved = store.save(busy_record())

    assert set(empty) == {"version", "retain_capacity"}, "every field must be there to be lost"
    assert store.load("relay") == saved
    assert saved == replace(busy_record(), version=1)


def test_endpoints_do_not_meet(store: RecordStore) -> None:
    store.save(busy_record())

    assert store.load("another") is None


def test_each_write_needs_the_one_before(store: RecordStore) -> None:
    first = store.save(Record("relay"))
    second = store.save(first.linked("old"))

    with pytest.raises(Outdated):
        store.save(first.linked("older"))
    with pytest.raises(Outdated):
        store.save(Record("relay"))

    assert store.load("relay") == second


def test_one_invocation_at_a_time_has_the_lease(store: RecordStore) -> None:
    saved = store.save(Record("relay"))

    lease = store.lease("relay")

    assert lease is not None
    assert lease.record == saved
    assert store.lease("relay") is None
    assert store.save(saved.linked("old")).version == 2, "requests are stored meanwhile"
    assert store.release(lease) == 2
    assert store.lease("relay") is not None


def test_a_lease_ends_by_itself(store: RecordStore, clock: FakeClock) -> None:
    store.save(Record("relay"))
    lost = store.lease("relay")
    assert lost is not None

    clock.pass_minutes(1)

    assert store.lease("relay") is not None
    with pytest.raises(Outdated):
        store.release(lost)


def test_only_a_record_with_nothing_left_expires(dynamodb: "DynamoDBClient") -> None:
    clock = FakeClock()
    store = DynamoDbRecordStore(dynamodb, TABLE, clock)

    saved = store.save(busy_record())
    assert "expires" not in item(dynamodb)
    store.save(replace(nothing_left(saved), queued=None, adoption=None).unlinked("old"))

    expires = int(item(dynamodb)["expires"])
    assert expires - clock.now().timestamp() == 24 * 3600


def nothing_left(record: Record) -> Record:
    return record.decided(Response.removed(WAITING)).delivered().removed()


def item(dynamodb: "DynamoDBClient") -> dict[str, str]:
    [found] = dynamodb.scan(TableName=TABLE)["Items"]
    return {name: next(iter(value.values())) for name, value in found.items()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("break_it", "error"),
    [
        (lambda store: store.load("relay"), PermanentError),
        (lambda store: store.save(Record("r")), PermanentError),
    ],
)
def test_a_table_that_is_missing_is_an_error_of_the_relay(
    dynamodb: "DynamoDBClient",
    break_it: Callable[[RecordStore], object],
    error: type[RelayError],
) -> None:
    store = DynamoDbRecordStore(dynamodb, "no-such-table", FakeClock())

    with pytest.raises(error, match="endpoint r"):
        break_it(store)


def test_the_whole_life_works_on_dynamodb(dynamodb: "DynamoDBClient") -> None:
    world = World()
    world.store = DynamoDbRecordStore(dynamodb, TABLE, world.clock)  # type: ignore[assignment]

    world.run(create(), update(ModelDataUrl="s3://models/2.tar.gz"))
    world.wake(update("u2", old={"ModelDataUrl": "s3://models/2.tar.gz"}))
    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "no ping")
    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [False, False, True]

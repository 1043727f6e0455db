"""Each role has its own items of the ledger: the adapters, the template's policies, and MiniStack's
IAM, which enforces them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from relay.aws.clock import SystemClock
from relay.aws.dynamodb.due_ledger import DynamoDbDueLedger
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.dynamodb.record_store import DynamoDbRecordStore
from relay.errors import AccessDenied
from relay.model import AttemptState, Closing, Due
from relay.provision.lifecycle.record import Record

from tests.integration.local.conftest import Session
from tests.support import samples
from tests.template.template import world

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

ID, OTHER = "a" * 32, "b" * 32
RECORD = {"id": {"S": "provision#relay"}, "record": {"S": "{}"}}
_ACCOUNT = "000000000000"

Connect = Callable[[str], "DynamoDBClient"]


@pytest.fixture(scope="module")
def table(enforcing: Session) -> str:
    session, url = enforcing
    ledger = world().named("LedgerTable")
    members = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    session.client("dynamodb", endpoint_url=url).create_table(
        TableName=ledger.physical_name, **{each: ledger.get(each) for each in members}
    )
    return ledger.physical_name


@pytest.fixture(scope="module")
def connect(enforcing: Session, table: str) -> Iterator[Connect]:
    """Clients with the roles of the template, by their logical ids."""
    session, url = enforcing
    iam = session.client("iam", endpoint_url=url)
    sts = session.client("sts", endpoint_url=url)
    stack = world()
    trust = {"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "sts:AssumeRole"}
    keys: dict[str, CredentialsTypeDef] = {}
    for name in ("SubmitRole", "RouteRole", "ReconcileRole", "ProvisionRole"):
        role = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]
        for policy in stack.named(name).list("Policies"):
            document = json.dumps(policy["PolicyDocument"]).replace(stack.account, _ACCOUNT)
            iam.put_role_policy(
                RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document
            )
        keys[name] = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]

    def client(role: str) -> "DynamoDBClient":
        return session.client(
            "dynamodb",
            endpoint_url=url,
            aws_access_key_id=keys[role]["AccessKeyId"],
            aws_secret_access_key=keys[role]["SecretAccessKey"],
            aws_session_token=keys[role]["SessionToken"],
        )

    yield client


def test_submit_and_route_have_the_attempts(connect: Connect, table: str) -> None:
    attempts = [samples.attempt(ID), samples.attempt(OTHER)]
    submit = DynamoDbLedger(connect("SubmitRole"), table)
    route = DynamoDbLedger(connect("RouteRole"), table)

    assert not submit.claim(attempts).unavailable
    assert not submit.renew(attempts)
    assert not submit.release(attempts[1:])
    assert submit.look_up([ID, OTHER, "provision#relay"]).keys() == {ID}
    closing = Closing(attempts[0], AttemptState.COMPLETED, datetime.now(UTC), known=True)
    assert not route.close([closing])


def test_reconcile_has_its_cursor_and_reads_attempts(connect: Connect, table: str) -> None:
    ledger = DynamoDbDueLedger(connect("ReconcileRole"), table)
    position = Due.of(samples.NOON)

    ledger.move_cursor(position)

    assert ledger.cursor() == position
    assert not list(ledger.due(position, samples.NOON + timedelta(minutes=1), lambda *_: None))
    assert not ledger.look_up([OTHER])
    # The statement is allowed: its condition fails, because there is no such attempt.
    assert not ledger.postpone([Due.of(samples.NOON, OTHER)], samples.NOON)


def test_provision_has_the_records(connect: Connect, table: str) -> None:
    store = DynamoDbRecordStore(connect("ProvisionRole"), table, SystemClock())

    store.save(Record("relay"))

    assert store.load("relay") is not None


@pytest.mark.parametrize("role", ["SubmitRole", "RouteRole", "ReconcileRole"])
def test_no_other_role_reads_a_record(connect: Connect, table: str, role: str) -> None:
    keys = [{"id": {"S": key}} for key in (ID, "provision#relay")]

    with pytest.raises(ClientError, match="AccessDenied"):
        connect(role).batch_get_item(RequestItems={table: {"Keys": keys}})
    with pytest.raises(ClientError, match="AccessDenied"):
        connect(role).get_item(TableName=table, Key={"id": {"S": "provision#relay"}})


@pytest.mark.parametrize("role", ["SubmitRole", "RouteRole", "ReconcileRole"])
def test_no_other_role_writes_a_record(connect: Connect, table: str, role: str) -> None:
    store = DynamoDbRecordStore(connect(role), table, SystemClock())
    statement = f'UPDATE "{table}" SET "record"=? WHERE "id"=?'  # noqa: S608
    parameters = [{"S": "{}"}, {"S": "provision#relay"}]

    with pytest.raises(AccessDenied):
        store.save(Record("relay"))
    with pytest.raises(ClientError, match="AccessDenied"):
        connect(role).put_item(TableName=table, Item=RECORD)
    with pytest.raises(ClientError, match="AccessDenied"):
        connect(role).batch_execute_statement(
            Statements=[{"Statement": statement, "Parameters": parameters}]
        )


def test_provision_writes_no_attempt_and_no_cursor(connect: Connect, table: str) -> None:
    provision = connect("ProvisionRole")

    errors = DynamoDbLedger(provision, table).claim([samples.attempt(OTHER)]).unavailable
    assert isinstance(errors[OTHER], AccessDenied)
    for key in (OTHER, "reconcile#cursor"):
        with pytest.raises(ClientError, match="AccessDenied"):
            provision.update_item(TableName=table, Key={"id": {"S": key}})

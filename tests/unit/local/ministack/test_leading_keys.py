"""The condition key dynamodb:LeadingKeys, and what MiniStack's IAM makes of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.services import dynamodb

from local.ministack import corrections
from local.ministack.leading_keys import leading_keys

ID, OTHER = "a" * 32, "b" * 32
KEY = {"id": {"S": ID}}
TABLE = "leading"


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    dynamodb._create_table(
        {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("id", "due_shard")
            ],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "due",
                    "KeySchema": [{"AttributeName": "due_shard", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        }
    )
    yield
    dynamodb.reset()


def statement(text: str, *values: str) -> dict[str, Any]:
    return {"Statement": text, "Parameters": [{"S": value} for value in values]}


INSERT = statement("INSERT INTO leading VALUE {'state': ?, 'id': ?}", "OPEN", ID)
UPDATE = statement('UPDATE "leading" SET "state"=? WHERE "id"=? AND "state"=?', "A", OTHER, "B")
DELETE = statement('DELETE FROM "leading" WHERE "id"=?', ID)
QUERY = {
    "TableName": TABLE,
    "KeyConditionExpression": "#shard = :shard AND due > :due",
    "ExpressionAttributeNames": {"#shard": "due_shard"},
    "ExpressionAttributeValues": {":shard": {"S": "late#a"}, ":due": {"S": "2026"}},
    "IndexName": "due",
}


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        ({"TableName": TABLE, "Key": KEY}, [ID]),
        ({"TableName": TABLE, "Item": {**KEY, "state": {"S": "OPEN"}}}, [ID]),
        ({"RequestItems": {TABLE: {"Keys": [KEY, {"id": {"S": OTHER}}]}}}, [ID, OTHER]),
        ({"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}]}}, [ID]),
        ({"RequestItems": {TABLE: [{"DeleteRequest": {"Key": KEY}}]}}, [ID]),
        ({"TransactItems": [{"Update": {"TableName": TABLE, "Key": KEY}}]}, [ID]),
        ({"Statements": [INSERT, UPDATE]}, [ID, OTHER]),
        ({"TransactStatements": [DELETE]}, [ID]),
        (DELETE, [ID]),
        (QUERY, ["late#a"]),
    ],
)
def test_the_keys_of_a_call_are_those_that_it_names(
    request_: Mapping[str, Any], keys: list[str]
) -> None:
    assert leading_keys(request_) == keys


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": TABLE},  # a scan
        {"TableName": "absent", "Key": KEY},
        {"TableName": TABLE, "Key": {}},
        {"Statements": [INSERT, statement('SELECT "id" FROM "leading"')]},
        {"Statements": [INSERT, statement("not PartiQL")]},
        {"Statements": [statement('DELETE FROM "leading" WHERE "state"=?', ID)]},
        {"Statements": "none"},
    ],
)
def test_a_call_of_which_a_part_names_no_key_has_none(request_: Mapping[str, Any]) -> None:
    assert leading_keys(request_) is None


def _is_allowed(request: Mapping[str, Any], *patterns: str) -> bool:
    """Whether MiniStack allows the call with a role that has keys without these patterns."""
    key = "dynamodb:LeadingKeys"
    condition = {
        "ForAllValues:StringNotLike": {key: list(patterns)},
        "Null": {key: "false"},
    }
    document = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    context = corrections.dynamodb_service_context(json.dumps(request).encode())
    call = iam_evaluator.EvalContext(
        principal_arn="arn:aws:sts::000000000000:assumed-role/role/session",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action="dynamodb:BatchGetItem",
        resource_arn="*",
        region="us-east-1",
        service_context={name.lower(): value for name, value in context.items()},
    )
    policy = iam_evaluator.parse_policy_document({"Statement": [document]})
    return bool(iam_evaluator.evaluate(call, [policy]).decision == "Allow")


def test_one_key_that_a_role_may_not_name_denies_the_call() -> None:
    keys = [KEY, {"id": {"S": "provision#relay"}}]

    assert _is_allowed({"RequestItems": {TABLE: {"Keys": keys[:1]}}}, "*#*")
    assert not _is_allowed({"RequestItems": {TABLE: {"Keys": keys}}}, "*#*")


def test_a_call_without_a_key_is_denied() -> None:
    assert not _is_allowed({"TableName": TABLE}, "*#*")


def test_a_body_that_is_no_document_has_no_keys() -> None:
    assert "dynamodb:LeadingKeys" not in corrections.dynamodb_service_context(b"not JSON")

"""The corrections of MiniStack."""

import json

import pytest

from local import ministack


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("SendMessageBatch", "sqs:SendMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("ReceiveMessage", "sqs:ReceiveMessage"),
    ],
)
def test_a_batch_of_messages_needs_the_right_to_the_single_message(call: str, action: str) -> None:
    headers = {"x-amz-target": f"AmazonSQS.{call}"}

    found = ministack.extract_iam_action("sqs", "POST", "/", headers, b"{}", {})

    assert found == action


def test_each_statement_of_a_batch_needs_its_own_right_on_its_own_table() -> None:
    statements = (
        "INSERT INTO \"orders-1\" VALUE {'id': ?}",
        'update orders.2 SET "state"=? WHERE "id"=?',
        'DELETE FROM "orders" WHERE "id"=?',
        'SELECT "id", "from"\nFROM "orders" WHERE "id"=?',
    )
    body = json.dumps({"Statements": [{"Statement": text} for text in statements]}).encode()

    checks = ministack.dynamodb_transaction_checks(
        "dynamodb:BatchExecuteStatement", body, "us-east-1", "000000000000"
    )

    table = "arn:aws:dynamodb:us-east-1:000000000000:table"
    assert set(checks) == {
        ("dynamodb:PartiQLInsert", f"{table}/orders-1"),
        ("dynamodb:PartiQLUpdate", f"{table}/orders.2"),
        ("dynamodb:PartiQLDelete", f"{table}/orders"),
        ("dynamodb:PartiQLSelect", f"{table}/orders"),
    }


def test_a_statement_that_is_not_understood_is_refused() -> None:
    body = json.dumps({"Statements": [{"Statement": "DROP TABLE orders"}]}).encode()

    checks = ministack.dynamodb_transaction_checks(
        "dynamodb:BatchExecuteStatement", body, "us-east-1", "000000000000"
    )

    assert [action for action, _ in checks] == ["dynamodb:BatchExecuteStatement"]


def test_transactions_are_checked_as_before() -> None:
    item = {"Put": {"TableName": "orders", "Item": {}}}
    body = json.dumps({"TransactItems": [item]}).encode()

    checks = ministack.dynamodb_transaction_checks(
        "dynamodb:TransactWriteItems", body, "us-east-1", "000000000000"
    )

    assert checks == [("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/orders")]

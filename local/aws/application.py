"""MiniStack with IAM's own names for batch calls.

MiniStack authorises a call by the name of its API operation. IAM has no actions of the names below:
AWS authorises a batch by the action of its entries, and each PartiQL statement by what it does.
Without this, the roles of the template would need rights that do not exist.

Hypercorn loads this file by its path, so it imports nothing else of the repository.
"""

import json
import re

from ministack.app import app as app
from ministack.core import iam_actions

_BATCHES = {
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sns:PublishBatch": "sns:Publish",
}
_PARTIQL = {
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
    "SELECT": "dynamodb:PartiQLSelect",
}
_STATEMENT = re.compile(
    r'\s*(INSERT|UPDATE|DELETE|SELECT)\b(?:\s+INTO|\s+FROM|[^"]*\sFROM)?\s+"([^"]+)"', re.IGNORECASE
)

_extract_iam_action = iam_actions.extract_iam_action
_transaction_checks = iam_actions.dynamodb_transaction_checks


def _action(
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, list[str]],
) -> str | None:
    action: str | None = _extract_iam_action(service, method, path, headers, body, query_params)
    return _BATCHES.get(action or "", action)


def _checks(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
    if action not in ("dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement"):
        checks: list[tuple[str, str]] = _transaction_checks(action, body, region, account)
        return checks
    request = json.loads(body)
    statements = [item["Statement"] for item in request.get("Statements", [request])]
    return sorted({_check(statement, region, account) for statement in statements})


def _check(statement: str, region: str, account: str) -> tuple[str, str]:
    parsed = _STATEMENT.match(statement)
    if parsed is None:  # refused like any other action that nobody has
        return "dynamodb:PartiQLUnknown", "*"
    table = f"arn:aws:dynamodb:{region}:{account}:table/{parsed[2]}"
    return _PARTIQL[parsed[1].upper()], table


iam_actions.extract_iam_action = _action
iam_actions.dynamodb_transaction_checks = _checks

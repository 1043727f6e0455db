"""The records of endpoints: one item of the ledger table for each endpoint."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.aws.errors import SdkError, classify, error_code, translated
from relay.errors import RelayError
from relay.formats import RECORD
from relay.ports import Clock
from relay.provision.lifecycle.ports import LEASE, Lease, Outdated
from relay.provision.lifecycle.record import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# An empty record is kept longer than the six hours for which Lambda may repeat an event.
_RETENTION: Final = timedelta(hours=24)


class DynamoDbRecordStore:
    """Implements `RecordStore`: writes have an optimistic lock on `version`, steps have a lease."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def load(self, endpoint_name: str) -> Record | None:
        with translated(f"read the record of endpoint {endpoint_name}"):
            found = self._dynamodb.get_item(
                TableName=self._table, Key={"id": {"S": _id(endpoint_name)}}, ConsistentRead=True
            )
        item = found.get("Item")
        return None if item is None else _record(item)

    def save(self, record: Record) -> Record:
        following = record.next_version()
        # The lease stays as it is: requests are stored while another invocation has it.
        update = "SET version = :following, #record = :record, #format = :format"
        values: dict[str, AttributeValueTypeDef] = {
            ":version": {"N": str(record.version)},
            ":following": {"N": str(following.version)},
            ":record": {"S": to_json(following)},
            ":format": {"N": str(RECORD.written)},
        }
        if record.empty:
            expires = self._clock.now() + _RETENTION
            values[":expires"] = {"N": str(int(expires.timestamp()))}
            update = f"{update}, expires = :expires"
        else:
            update = f"{update} REMOVE expires"
        with translated(f"store the record of endpoint {record.endpoint_name}", _classify):
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": _id(record.endpoint_name)}},
                UpdateExpression=update,
                ConditionExpression="attribute_not_exists(id) OR version = :version",
                ExpressionAttributeNames={"#record": "record", "#format": "format"},
                ExpressionAttributeValues=values,
            )
        return following

    def size(self, record: Record) -> int:
        return len(to_json(record).encode())

    def lease(self, endpoint_name: str) -> Lease | None:
        now = self._clock.now()
        until = now + LEASE
        try:
            with translated(f"lease endpoint {endpoint_name}", _classify):
                found = self._dynamodb.update_item(
                    TableName=self._table,
                    Key={"id": {"S": _id(endpoint_name)}},
                    UpdateExpression="SET leased_until = :until",
                    ConditionExpression="attribute_exists(id) AND "
                    "(attribute_not_exists(leased_until) OR leased_until <= :now)",
                    ExpressionAttributeValues={
                        ":until": {"S": until.isoformat()},
                        ":now": {"S": now.isoformat()},
                    },
                    ReturnValues="ALL_NEW",
                )
        except Outdated:
            return None
        return Lease(_record(found["Attributes"]), until)

    def release(self, lease: Lease) -> int:
        name = lease.record.endpoint_name
        with translated(f"release endpoint {name}", _classify):
            found = self._dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": _id(name)}},
                UpdateExpression="REMOVE leased_until",
                ConditionExpression="leased_until = :until",
                ExpressionAttributeValues={":until": {"S": lease.until.isoformat()}},
                ReturnValues="ALL_NEW",
            )
        return int(found["Attributes"]["version"]["N"])


def _record(item: "Mapping[str, AttributeValueTypeDef]") -> Record:
    """Read an item. Raises NewerFormat for one that later code has written."""
    if "format" in item:
        RECORD.check(int(item["format"]["N"]))
    return from_json(Record, item["record"]["S"])


def _id(endpoint_name: str) -> str:
    """Requests have 32 hex digits, so no id is that of a request."""
    return f"provision#{endpoint_name}"


def _classify(error: SdkError, doing: str) -> RelayError:
    if error_code(error) == "ConditionalCheckFailedException":
        return Outdated(f"{doing}: another invocation has written it")
    return classify(error, doing)

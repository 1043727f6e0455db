"""The records of endpoints: one item of the ledger table for each endpoint."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.aws.errors import SdkError, classify, error_code, translated
from relay.errors import RelayError
from relay.ports import Clock
from relay.provision.lifecycle.ports import Outdated
from relay.provision.lifecycle.record import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An empty record is kept longer than the six hours for which Lambda may repeat an event.
_RETENTION: Final = timedelta(hours=24)


class DynamoDbRecordStore:
    """Implements `RecordStore`, with an optimistic lock on `version`."""

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
        if item is None:
            return None
        return from_json(Record, item["record"]["S"])

    def save(self, record: Record) -> Record:
        following = record.next_version()
        item = {
            "id": {"S": _id(record.endpoint_name)},
            "version": {"N": str(following.version)},
            "record": {"S": to_json(following)},
        }
        if record.empty:
            expires = self._clock.now() + _RETENTION
            item["expires"] = {"N": str(int(expires.timestamp()))}
        with translated(f"store the record of endpoint {record.endpoint_name}", _classify):
            self._dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(id) OR version = :version",
                ExpressionAttributeValues={":version": {"N": str(record.version)}},
            )
        return following


def _id(endpoint_name: str) -> str:
    """Requests have 32 hex digits, so no id is that of a request."""
    return f"provision#{endpoint_name}"


def _classify(error: SdkError, doing: str) -> RelayError:
    if error_code(error) == "ConditionalCheckFailedException":
        return Outdated(f"{doing}: another invocation has written it")
    return classify(error, doing)

"""The records of backfills: one item of the ledger table for each, and one that says which runs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.aws.errors import SdkError, classify, error_code, translated
from relay.backfill.ports import Overtaken
from relay.backfill.record import Backfill, Control
from relay.errors import RelayError
from relay.formats import BACKFILL

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# Names begin with a letter or a digit, so no record has the id of the control item.
_CONTROL: Final = "backfill#"
# How long a record stays after its end.
_RETENTION: Final = timedelta(days=90)

_Stored = TypeVar("_Stored", Backfill, Control)


class DynamoDbBackfillStore:
    """Implements `BackfillStore`: writes have an optimistic lock on `version`."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def control(self) -> Control:
        return self._read(Control, _CONTROL) or Control()

    def write_control(self, control: Control) -> Control:
        return self._write(_CONTROL, control, None)

    def load(self, name: str) -> Backfill | None:
        return self._read(Backfill, f"{_CONTROL}{name}")

    def save(self, backfill: Backfill) -> Backfill:
        ended = backfill.ended_at
        expires = ended + _RETENTION if backfill.state.over and ended is not None else None
        return self._write(f"{_CONTROL}{backfill.name}", backfill, expires)

    def deployed_at(self) -> datetime:
        with translated(f"describe {self._table}"):
            table = self._dynamodb.describe_table(TableName=self._table)["Table"]
        return table["CreationDateTime"]

    def _read(self, type_: type[_Stored], key: str) -> _Stored | None:
        with translated(f"read {key} in {self._table}"):
            found = self._dynamodb.get_item(
                TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True
            )
        item: Mapping[str, AttributeValueTypeDef] | None = found.get("Item")
        if item is None:
            return None
        BACKFILL.check(int(item["format"]["N"]) if "format" in item else None)
        return from_json(type_, item["backfill"]["S"])

    def _write(self, key: str, stored: _Stored, expires: datetime | None) -> _Stored:
        following = replace(stored, version=stored.version + 1)
        item: dict[str, AttributeValueTypeDef] = {
            "id": {"S": key},
            "backfill": {"S": to_json(following)},
            "version": {"N": str(following.version)},
        }
        if BACKFILL.mark is not None:
            item["format"] = {"N": str(BACKFILL.mark)}
        if expires is not None:
            item["expires"] = {"N": str(int(expires.timestamp()))}
        with translated(f"write {key} in {self._table}", _classify):
            if stored.version:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues={":version": {"N": str(stored.version)}},
                )
            else:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(id)",
                )
        return following


def _classify(error: SdkError, doing: str) -> RelayError:
    if error_code(error) == "ConditionalCheckFailedException":
        return Overtaken(f"{doing}: another invocation has written it")
    return classify(error, doing)

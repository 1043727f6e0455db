"""Who waits for the endpoint: one item of the ledger table for each endpoint."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify, translated
from relay.ports import Clock
from relay.provisioning.ports import Outdated
from relay.provisioning.record import Attempt, Goal, Record, RequestType, Waiting
from relay.provisioning.specification import Generation, Specification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A record with nothing left in it outlives the six hours for which Lambda may repeat an event.
_RETENTION: Final = timedelta(hours=24)


class DynamoDbWaitingRoom:
    """Fills in `relay.provisioning.ports.WaitingRoom`, with an optimistic lock on `version`."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def load(self, endpoint_name: str) -> Record | None:
        with translated(f"read who waits for endpoint {endpoint_name}"):
            found = self._dynamodb.get_item(
                TableName=self._table, Key={"id": {"S": _id(endpoint_name)}}, ConsistentRead=True
            )
        item = found.get("Item")
        if item is None:
            return None
        return _from_json(endpoint_name, int(item["version"]["N"]), item["record"]["S"])

    def save(self, record: Record) -> Record:
        following = record.next_version()
        item = {
            "id": {"S": _id(record.endpoint_name)},
            "version": {"N": str(following.version)},
            "record": {"S": _to_json(following)},
        }
        if record.empty:
            expires = self._clock.now() + _RETENTION
            item["expires"] = {"N": str(int(expires.timestamp()))}
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(id) OR version = :version",
                ExpressionAttributeValues={":version": {"N": str(record.version)}},
            )
        except (ClientError, BotoCoreError) as error:
            doing = f"store who waits for endpoint {record.endpoint_name}"
            if _code(error) == "ConditionalCheckFailedException":
                raise Outdated(f"{doing}: written by another invocation meanwhile") from error
            raise classify(error, doing) from error
        return following


def _id(endpoint_name: str) -> str:
    """Requests have 32 hex digits, so that the two kinds of items never meet."""
    return f"provision#{endpoint_name}"


def _code(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return ""
    return error.response.get("Error", {}).get("Code", "")


def _to_json(record: Record) -> str:
    waiting, attempt = record.waiting, record.attempt
    return json.dumps(
        {
            "goal": record.goal.value,
            "stack_id": record.stack_id,
            "target": record.target.to_json() if record.target else None,
            "creating": record.creating,
            "retain_capacity": record.retain_capacity,
            "attempt": attempt
            and {"config": attempt.config, "last_modified": _time_to_json(attempt.last_modified)},
            "waiting": waiting
            and {
                "type": waiting.type.value,
                "request_id": waiting.request_id,
                "response_url": waiting.response_url,
                "stack_id": waiting.stack_id,
                "logical_resource_id": waiting.logical_resource_id,
                "physical_resource_id": waiting.physical_resource_id,
                "since": _time_to_json(waiting.since),
            },
            "failure": record.failure,
            "generations": [_generation_to_json(made) for made in record.generations],
            "unused": [_generation_to_json(made) for made in record.unused],
            "former_names": record.former_names,
            "handled": record.handled,
        }
    )


def _from_json(endpoint_name: str, version: int, text: str) -> Record:
    document = json.loads(text)
    attempt, waiting = document["attempt"], document["waiting"]
    return Record(
        endpoint_name=endpoint_name,
        goal=Goal(document["goal"]),
        stack_id=document["stack_id"],
        target=Specification.from_json(document["target"]) if document["target"] else None,
        creating=document["creating"],
        retain_capacity=document["retain_capacity"],
        attempt=attempt and Attempt(attempt["config"], _time_from_json(attempt["last_modified"])),
        waiting=waiting
        and Waiting(
            type=RequestType(waiting["type"]),
            request_id=waiting["request_id"],
            response_url=waiting["response_url"],
            stack_id=waiting["stack_id"],
            logical_resource_id=waiting["logical_resource_id"],
            physical_resource_id=waiting["physical_resource_id"],
            since=datetime.fromisoformat(waiting["since"]),
        ),
        failure=document["failure"],
        generations=tuple(Generation(**made) for made in document["generations"]),
        unused=tuple(Generation(**made) for made in document["unused"]),
        former_names=tuple(document["former_names"]),
        handled=tuple(document["handled"]),
        version=version,
    )


def _generation_to_json(generation: Generation) -> dict[str, str]:
    return {
        "model": generation.model,
        "config": generation.config,
        "image": generation.image,
    }


def _time_to_json(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time_from_json(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""The example consumer: every result once, with its answer, and each message for itself."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from tests.support.results import result_examples, result_schema
from tests.support.samples import BUCKET, Json

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

APP = Path(__file__).parents[3] / "examples" / "consumer" / "src" / "app.py"
TABLE = "answers"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TABLE_NAME": TABLE,
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None) -> "DynamoDBClient":
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    return client


@pytest.fixture
def s3(aws: None) -> "S3Client":
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def app(dynamodb: "DynamoDBClient", s3: "S3Client") -> ModuleType:
    spec = importlib.util.spec_from_file_location("consumer_app", APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def batch(*bodies: object) -> Json:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m-{n}", "body": text} for n, text in enumerate(texts, 1)]}


def kept(dynamodb: "DynamoDBClient") -> list[dict[str, Any]]:
    items = dynamodb.scan(TableName=TABLE)["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def without_answer() -> Json:
    result = result_examples.completed()
    del result["data"]["output"]["body"]
    return result


def test_an_answer_that_comes_along_is_kept(app: ModuleType, dynamodb: "DynamoDBClient") -> None:
    result = result_examples.completed()

    assert app.handler(batch(result), None) == {"batchItemFailures": []}

    (item,) = kept(dynamodb)
    assert json.loads(item["answer"]) == {"score": 0.81}
    assert (item["id"], item["outcome"]) == (result["id"], "completed")
    assert item["location"] == result["data"]["output"]["location"]
    assert int(item["expires"]) > 1_700_000_000


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"encoding": "text", "content": "0.81"}, "0.81"),
        ({"encoding": "base64", "content": "MC44MQ=="}, "0.81"),
        ({"encoding": "json", "content": [0.81]}, "[0.81]"),
    ],
)
def test_every_encoding_is_understood(
    app: ModuleType, dynamodb: "DynamoDBClient", body: Json, answer: str
) -> None:
    result = without_answer()
    result["data"]["output"]["body"] = body
    assert result_schema.problems(result) == []

    app.handler(batch(result), None)

    assert kept(dynamodb)[0]["answer"] == answer


def test_an_answer_that_does_not_come_along_is_read(
    app: ModuleType, dynamodb: "DynamoDBClient", s3: "S3Client"
) -> None:
    result = without_answer()
    key = result["data"]["output"]["location"].removeprefix(f"s3://{BUCKET}/")
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"0.81\n0.07\n")

    app.handler(batch(result), None)

    assert kept(dynamodb)[0]["answer"] == "0.81\n0.07\n"


def test_an_answer_that_is_too_large_for_an_item_stays_where_it_is(
    app: ModuleType, dynamodb: "DynamoDBClient", s3: "S3Client"
) -> None:
    result = without_answer()
    key = result["data"]["output"]["location"].removeprefix(f"s3://{BUCKET}/")
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * 300_001)

    assert app.handler(batch(result), None) == {"batchItemFailures": []}

    (item,) = kept(dynamodb)
    assert "answer" not in item
    assert item["location"] == result["data"]["output"]["location"]


def test_a_repeat_is_acknowledged_and_changes_nothing(
    app: ModuleType, dynamodb: "DynamoDBClient"
) -> None:
    first, repeat = result_examples.completed(), result_examples.completed()
    repeat["data"]["output"]["body"]["content"] = {"score": 0.5}

    assert app.handler(batch(first, repeat), None) == {"batchItemFailures": []}
    assert app.handler(batch(repeat), None) == {"batchItemFailures": []}

    (item,) = kept(dynamodb)
    assert json.loads(item["answer"]) == {"score": 0.81}


@pytest.mark.parametrize(
    "make", [result_examples.failed, result_examples.rejected, result_examples.expired]
)
def test_what_did_not_complete_is_kept_with_its_reason(
    app: ModuleType, dynamodb: "DynamoDBClient", make: Any
) -> None:
    result = make()

    app.handler(batch(result), None)

    (item,) = kept(dynamodb)
    assert item["outcome"] == result["data"]["outcome"]
    assert item["reason"] == result["data"]["failure"]["reason"]


def test_only_what_failed_comes_again(app: ModuleType, dynamodb: "DynamoDBClient") -> None:
    unknown = {**result_examples.failed(), "dataschema": "urn:async-inference-relay:result:2"}
    unreadable = without_answer()  # the object does not exist

    answer = app.handler(batch(unknown, result_examples.expired(), "not JSON", unreadable), None)

    assert answer == {
        "batchItemFailures": [
            {"itemIdentifier": "m-1"},
            {"itemIdentifier": "m-3"},
            {"itemIdentifier": "m-4"},
        ]
    }
    assert [item["outcome"] for item in kept(dynamodb)] == ["expired"]


def test_members_that_it_does_not_know_are_ignored(
    app: ModuleType, dynamodb: "DynamoDBClient"
) -> None:
    result = result_examples.completed()
    result["data"]["more"] = result["more"] = {"of": "version 1"}

    assert app.handler(batch(result), None) == {"batchItemFailures": []}

    assert len(kept(dynamodb)) == 1


def test_it_knows_the_contract_as_it_is_now(app: ModuleType) -> None:
    assert result_schema.published()["$id"] == app.CONTRACT

"""The readers of the example, on a result of every kind that route makes."""

import importlib.util
import json
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.results import result_examples
from tests.support.results.cases import CASES
from tests.support.samples import Json

READERS = Path(__file__).parents[3] / "examples" / "consumer" / "readers"


def reader(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, READERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WITH_CLOUDEVENTS = reader("with_cloudevents")
WITH_POWERTOOLS = reader("with_powertools")


def batch(*bodies: object) -> Json:
    """An event of a FIFO queue, with a message group for each message."""
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"MessageGroupId": f"group-{number}"},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo",
            }
            for number, body in enumerate(bodies, 1)
        ]
    }


def logged(caplog: pytest.LogCaptureFixture) -> list[Json]:
    """The lines of the function, in the form in which CloudWatch has them."""
    formatter = WITH_POWERTOOLS.logger.registered_formatter
    return [json.loads(formatter.format(record)) for record in caplog.records]


@pytest.mark.parametrize("name", CASES)
def test_the_sdk_of_cloudevents_accepts_every_result(name: str) -> None:
    document = CASES[name]()

    event, data = WITH_CLOUDEVENTS.read(json.dumps(document))

    assert data == document["data"]
    assert event.get_id() == data["request_id"]
    assert event.get_time() == datetime.fromisoformat(document["time"])
    attributes = {key: value for key, value in document.items() if key not in ("data", "time")}
    assert {key: event.get_attributes()[key] for key in attributes} == attributes


def test_the_sdk_reads_each_outcome() -> None:
    lines = [
        WITH_CLOUDEVENTS.describe(json.dumps(make()))
        for make in (result_examples.completed, result_examples.failed, result_examples.expired)
    ]

    assert lines[0].startswith("2026-11-20 12:00:09 s3://relay-data-")
    assert lines[0].endswith("/outputs/469a4a4c3042597abbe9514aa97bdca3.out")
    assert "order-18.csv: failed, InternalServerError: Received server error (500)" in lines[1]
    assert "order-20.csv: expired, attempt 3 had no notification" in lines[2]


def test_powertools_handles_every_result(caplog: pytest.LogCaptureFixture) -> None:
    documents = [make() for make in CASES.values()]

    answer = WITH_POWERTOOLS.handler(batch(*documents), None)

    assert answer == {"batchItemFailures": []}
    said = [
        (line["message"], line["request_id"], line.get("output", line.get("reason")))
        for line in logged(caplog)
    ]
    assert said == [
        (
            data["outcome"],
            data["request_id"],
            data.get("output", {}).get("location") or data["failure"]["reason"],
        )
        for data in (each["data"] for each in documents)
    ]


def test_powertools_returns_only_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    unknown = {**result_examples.failed(), "dataschema": "urn:async-inference-relay:result:2"}

    answer = WITH_POWERTOOLS.handler(
        batch(unknown, result_examples.rejected(), "not JSON", result_examples.completed()), None
    )

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-3"}]}
    assert [line["message"] for line in logged(caplog)] == ["rejected", "completed"]


def test_the_sdk_refuses_a_result_of_another_version() -> None:
    unknown = {**result_examples.failed(), "dataschema": "urn:async-inference-relay:result:2"}

    with pytest.raises(ValueError, match="result:2"):
        WITH_CLOUDEVENTS.read(json.dumps(unknown))

"""The SDK's clients."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidationDecorator
from relay.aws.clients import Clients, timestamp
from relay.aws.messaging.outbox import DESTINATIONS_AT_A_TIME
from relay.aws.sagemaker.endpoint import INVOCATIONS_AT_A_TIME
from urllib3 import HTTPResponse


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return Clients()


def test_a_client_is_built_once(clients: Clients) -> None:
    assert clients.sqs is clients.sqs


def test_there_is_a_connection_for_every_call_in_flight(clients: Clients) -> None:
    config: Any = clients.sqs.meta.config

    assert config.max_pool_connections >= DESTINATIONS_AT_A_TIME
    assert config.max_pool_connections >= INVOCATIONS_AT_A_TIME


def test_calls_name_the_sdk_and_the_application_in_their_user_agent(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    sqs: Any = clients.sqs
    agents = []

    def answered(request: Any, **_: object) -> AWSResponse:
        agents.append(request.headers["User-Agent"].decode())
        answer: Any = HTTPResponse(BytesIO(b"{}"), preload_content=False)
        return AWSResponse(request.url, 200, HTTPHeaders(), answer)

    sqs.meta.events.register("before-send.sqs", answered)
    sqs.list_queues()

    sdk = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    (agent,) = agents  # Powertools, where it is loaded, adds itself
    assert agent.startswith(f"async-inference-relay {sdk}")


def test_the_calls_of_every_request_are_not_checked_twice_and_rare_ones_are(
    clients: Clients,
) -> None:
    wrong: Any = 1

    for often in (clients.sqs, clients.dynamodb, clients.sagemaker_runtime):
        assert not checks(often)
    for rarely in (clients.sagemaker, clients.s3, clients.ssm):
        assert checks(rarely)
    with pytest.raises(ParamValidationError, match="Invalid type for parameter EndpointName"):
        clients.sagemaker.describe_endpoint(EndpointName=wrong)


def checks(client: Any) -> bool:
    """Whether it validates parameters by the service's model; its settings do not show it."""
    return isinstance(client._serializer, ParamValidationDecorator)


def test_clients_work_in_the_region_of_the_function_or_in_the_one_that_is_given(
    clients: Clients,
) -> None:
    assert clients.region == clients.sqs.meta.region_name == "us-east-1"
    assert Clients("eu-west-1").sqs.meta.region_name == "eu-west-1"


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T12:00:00.000Z", "2026-11-20T12:00:00Z", "Fri, 20 Nov 2026 12:00:00 GMT"]
    + [1_795_176_000, 1_795_176_000.0, "1795176000"],
)
def test_a_time_in_a_response_is_read_in_each_of_awss_forms(value: object) -> None:
    assert timestamp(value) == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_clients_read_times_so(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    body = (
        b"<ListBucketResult><Contents><Key>a</Key>"
        b"<LastModified>2026-11-20T12:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )

    def answered(request: Any, **_: object) -> AWSResponse:
        answer: Any = HTTPResponse(BytesIO(body), preload_content=False)
        return AWSResponse(request.url, 200, HTTPHeaders(), answer)

    s3: Any = clients.s3
    s3.meta.events.register("before-send.s3.ListObjectsV2", answered)

    (found,) = s3.list_objects_v2(Bucket="data")["Contents"]

    assert found["LastModified"].tzinfo is UTC  # botocore's own has another class

"""An emulator serves one region, and calls for another do not reach what is there."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.emulator.stack import SCRIPTED, Stack

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("list_endpoints", {}),
    "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "sagemaker"}),
    "sagemaker-runtime": ("invoke_endpoint_async", {"Body": b"{}"}),
}


@pytest.mark.parametrize("service", CALLS)
def test_an_endpoint_is_not_seen_from_another_region(stack: Stack, service: str) -> None:
    stack.create_endpoint(SCRIPTED)
    invoked = stack.state()["invocations"]
    session = boto3.Session("test", "test", region_name="eu-west-1")
    config = Config(retries={"total_max_attempts": 1})
    client: Any = session.client(service, endpoint_url=stack.emulator_url, config=config)  # type: ignore[call-overload]
    operation, members = CALLS[service]
    if service == "sagemaker-runtime":
        members = {**members, "EndpointName": stack.name}

    with pytest.raises(ClientError) as refusal:
        getattr(client, operation)(**members)
    client.close()

    error = refusal.value.response["Error"]
    assert error["Code"] == "InvalidSignatureException"
    assert "serves us-east-1" in error["Message"]
    assert stack.state()["invocations"] == invoked

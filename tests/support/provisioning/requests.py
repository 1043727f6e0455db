"""What wakes provision up: CloudFormation's requests, calls, and uploads."""

from collections.abc import Mapping
from datetime import UTC, datetime

from relay.events.custom_resource import CustomResourceRequest
from relay.events.endpoint_events import ArtifactsUploaded, DirectCall, WakeUp
from relay.events.s3 import CreatedObject
from relay.provision.lifecycle.custom_resource import RequestType
from relay.s3uri import S3Uri

from tests.support.provisioning.properties import ENDPOINT, properties

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/relay/7b1f"
OTHER_STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/other/90aa"


def create(request_id: str = "create-1", stack: str = STACK, **changes: object) -> WakeUp:
    return _request(RequestType.CREATE, request_id, stack, "", properties(**changes), {})


def update(
    request_id: str = "update-1",
    *,
    old: Mapping[str, object] | None = None,
    id: str = ENDPOINT,
    stack: str = STACK,
    **changes: object,
) -> WakeUp:
    before = properties(**(old or {}))
    return _request(RequestType.UPDATE, request_id, stack, id, properties(**changes), before)


def delete(
    request_id: str = "delete-1", *, id: str = ENDPOINT, stack: str = STACK, **changes: object
) -> WakeUp:
    return _request(RequestType.DELETE, request_id, stack, id, properties(**changes), {})


def deploy(model_data_url: str = "", **members: object) -> DirectCall:
    """`{"action": "deploy", …}`; asked by the artifact's address by default."""
    if model_data_url:
        members = {"model_data_url": model_data_url, "asked_by": model_data_url} | members
    return DirectCall("deploy", {"action": "deploy", **members})


def rollback(**members: object) -> DirectCall:
    return DirectCall("rollback", {"action": "rollback", "asked_by": "on-call", **members})


def uploaded(
    key: str = "models/churn/model.tar.gz", version: str = "etag-1", order: str = "2026-1"
) -> ArtifactsUploaded:
    """`order` says which upload is the newer one."""
    location, time = S3Uri("relay-data", key), datetime(2026, 3, 1, tzinfo=UTC)
    return ArtifactsUploaded((CreatedObject(location, 7, None, order, time, version),))


def _request(
    request_type: RequestType,
    request_id: str,
    stack: str,
    physical_resource_id: str,
    new: dict[str, object],
    old: dict[str, object],
) -> CustomResourceRequest:
    return CustomResourceRequest(
        type=request_type,
        request_id=request_id,
        response_url=f"https://answers.example/{request_id}?secret",
        stack_id=stack,
        logical_resource_id="Endpoint",
        physical_resource_id=physical_resource_id,
        properties=new,
        old_properties=old,
    )

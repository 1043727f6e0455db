"""Uploads while `sam deploy` still waits for the endpoint: such inputs must not be lost."""

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

from local.errors import LocalStackError
from local.load.inputs import Input
from local.stack.clients import Clients
from local.stack.settings import STACK_NAME

_CREATING_SECONDS = 120.0
_PAUSE_SECONDS = 0.5


def upload_before_service(
    clients: Clients, early: Input, deleted: Input, check: Callable[[], None]
) -> None:
    """Uploads both while the endpoint is being created, and deletes the second one again.

    Raises:
        LocalStackError: the endpoint was never seen being created, or was in service too soon.
    """
    deadline = time.monotonic() + _CREATING_SECONDS
    while _status(clients) != "Creating":
        check()
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"the endpoint was not being created within {_CREATING_SECONDS:.0f} s"
            )
        time.sleep(_PAUSE_SECONDS)
    bucket = _data_bucket(clients)
    for item in (early, deleted):
        clients.s3.put_object(Bucket=bucket, Key=item.key, Body=item.body)
    clients.s3.delete_object(Bucket=bucket, Key=deleted.key)
    if (status := _status(clients)) != "Creating":
        raise LocalStackError(f"the endpoint was {status} before the early inputs were uploaded")


def _status(clients: Clients) -> str:
    try:
        return clients.sagemaker.describe_endpoint(EndpointName=STACK_NAME)["EndpointStatus"]
    except ClientError as exc:
        # The endpoint comes last: until then SageMaker says that it could not find it.
        if exc.response["Error"]["Code"] == "ValidationException":
            return "absent"
        raise


def _data_bucket(clients: Clients) -> str:
    """The endpoint is created after the bucket, and so after what the bucket notifies."""
    found = clients.cloudformation.describe_stack_resources(
        StackName=STACK_NAME, LogicalResourceId="DataBucket"
    )
    return found["StackResources"][0]["PhysicalResourceId"]

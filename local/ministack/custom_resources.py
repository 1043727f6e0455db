"""CloudFormation's requests to custom resources, as AWS sends them.

CloudFormation invokes the function asynchronously. So Lambda tries three times, and then sends the
request to the function's destination for failed invocations. MiniStack invokes it once, and waits
for a response that never comes.
https://docs.aws.amazon.com/lambda/latest/dg/services-cloudformation.html

If a stack is deleted while it is created, CloudFormation cancels the creation and sends a Delete
with an id that it makes up. MiniStack sends none, and goes on with the creation.

At AWS the ResponseURL is a presigned URL for an object in a bucket of CloudFormation, which the
relay requires. MiniStack's is a path of its own. Here it has AWS's form, with S3's endpoint of the
stack as host.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
"""

import asyncio
import re
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from ministack.core.responses import get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import _stacks, custom_resource, handlers

_CANCELLED: Final = "Resource creation cancelled"
_delete_stack: Final = handlers._delete_stack_async
_invoke: Final = custom_resource.invoke_custom_resource
_execute_function: Final = lambda_svc._execute_function_with_config_scope
# Requests to create, by the stack's id and the logical id, until there is a response.
_creating: Final[dict[tuple[str, str], dict[str, Any]]] = {}
_OBJECT: Final = re.compile(r"/cloudformation-custom-resource-response-[a-z0-9]+/([^/]+)")


def response_url(token: str) -> str:
    """The token, which is the secret, as the object's key."""
    bucket = f"cloudformation-custom-resource-response-{get_region().replace('-', '')}"
    return (
        f"{custom_resource._gateway_url()}/{bucket}/{token}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Date={datetime.now(UTC):%Y%m%dT%H%M%SZ}&X-Amz-Expires=7200"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    )


def own_path(method: str, path: str) -> str:
    """MiniStack's own path for a response to CloudFormation; any other path as it is."""
    found = _OBJECT.fullmatch(path) if method == "PUT" else None
    return f"/_ministack/cfn-response/{found[1]}" if found else path


def execute_function(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Invokes a function for another service; asynchronously for CloudFormation."""
    if "ResponseURL" not in event:
        found: dict[str, Any] = _execute_function(function, event)
        return found
    if event["RequestType"] == "Create":
        _creating[event["StackId"], event["LogicalResourceId"]] = event
    lambda_svc.invoke_async_with_retry(function, event)
    return {}


def invoke(request: str, logical_id: str, *rest: Any, **named: Any) -> tuple[Any, ...]:
    """Sends a request, and waits for its response. Ends the creation if it is cancelled."""
    try:
        found: tuple[Any, ...] = _invoke(request, logical_id, *rest, **named)
        return found
    except RuntimeError as error:
        if str(error) == _CANCELLED:
            raise asyncio.CancelledError from error
        raise
    finally:
        _, _, stack_id, *_ = rest
        if request == "Create":
            _creating.pop((stack_id, logical_id), None)


async def delete_stack(name: str, stack_id: str, *rest: Any, **named: Any) -> None:
    """Deletes a stack, and what it is creating."""
    cancelled = [event for (stack, _), event in _creating.items() if stack == stack_id]
    for event in cancelled:
        logical_id = event["LogicalResourceId"]
        _stacks[name].setdefault("_resources", {})[logical_id] = {
            "PhysicalResourceId": f"{name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}",
            "ResourceType": event["ResourceType"],
            "ResourceStatus": "CREATE_FAILED",
            "LogicalResourceId": logical_id,
            "Properties": event["ResourceProperties"],
            "Attributes": {},
        }
    await _delete_stack(name, stack_id, *rest, **named)
    for event in cancelled:
        token = event["ResponseURL"].partition("?")[0].rpartition("/")[2]
        custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": _CANCELLED})


def install() -> None:
    """Puts URL and invocation into MiniStack's CloudFormation, and the path into its app."""
    from ministack import app

    handle = app._handle_post_body_shortcuts

    async def handle_post_body_shortcuts(method: str, path: str, *rest: Any) -> Any:
        return await handle(method, own_path(method, path), *rest)

    custom_resource._response_url = response_url
    lambda_svc._execute_function_with_config_scope = execute_function
    custom_resource.invoke_custom_resource = invoke
    handlers._delete_stack_async = delete_stack
    app._handle_post_body_shortcuts = handle_post_body_shortcuts

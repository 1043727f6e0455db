"""The ResponseURL of a custom resource, as CloudFormation's.

At AWS it is a presigned URL for an object in a bucket of CloudFormation, which the relay requires.
MiniStack's is a path of its own. Here it has AWS's form, with S3's endpoint of the stack as host.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from ministack.core.responses import get_region
from ministack.services.cloudformation import custom_resource

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


def install() -> None:
    """Puts the URL into MiniStack's CloudFormation, and its path into the application."""
    from ministack import app

    handle = app._handle_post_body_shortcuts

    async def handle_post_body_shortcuts(method: str, path: str, *rest: Any) -> Any:
        return await handle(method, own_path(method, path), *rest)

    custom_resource._response_url = response_url
    app._handle_post_body_shortcuts = handle_post_body_shortcuts

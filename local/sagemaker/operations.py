"""What all operations of the control plane share."""

from collections.abc import Awaitable, Callable

from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.validation import Document

Operation = Callable[[Document, Caller], Awaitable[Document]]


async def require_creation(
    authoriser: Authoriser, caller: Caller, action: str, arn: str, request: Document
) -> None:
    """Creating with tags needs the right to tag as well."""
    await authoriser.require(caller, action, arn)
    if request.get("Tags"):
        await authoriser.require(caller, "sagemaker:AddTags", arn)

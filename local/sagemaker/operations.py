"""What all operations of the emulated APIs share."""

from collections.abc import Awaitable, Callable, Mapping

from local.sagemaker.errors import AwsError
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.validation import Document

Operation = Callable[[Document, Caller], Awaitable[Document]]


def find(operations: Mapping[str, Operation], name: str) -> Operation:
    """Raises AwsError for an operation that the emulator does not know."""
    if name not in operations:
        raise AwsError("UnknownOperationException", f"The emulator does not know {name}.", 404)
    return operations[name]


async def require_creation(
    authoriser: Authoriser, caller: Caller, action: str, arn: str, request: Document
) -> None:
    """Creating with tags needs the right to tag as well."""
    await authoriser.require(caller, action, arn)
    if request.get("Tags"):
        await authoriser.require(caller, "sagemaker:AddTags", arn)

"""Why a part of the page has nothing to show, and what a person does about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    TokenRetrievalError,
)

from relayctl.errors import RelayctlError

EXPECTED: Final = (RelayctlError, ClientError, BotoCoreError)

_DENIED: Final = ("AccessDenied", "AuthorizationError", "UnauthorizedOperation")
_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
# Operations whose permission has another name.
_PERMISSIONS: Final = {
    "Invoke": "lambda:InvokeFunction",
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "SendMessageBatch": "sqs:SendMessage",
    "DeleteMessageBatch": "sqs:DeleteMessage",
    "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`permission` is the missing action of IAM, "" if it is something else."""

    text: str
    advice: str = ""
    permission: str = ""


def problem(error: Exception, needs: Sequence[str] = ()) -> Problem:
    """Return what an error of `EXPECTED` means.

    Args:
        needs: the actions of IAM of the calls that failed.
    """
    match error:
        case ClientError():
            return _refusal(error, needs)
        case NoCredentialsError() | TokenRetrievalError():
            return Problem(str(error), "sign in, such as with aws sso login")
        case EndpointConnectionError():
            return Problem(
                str(error), "look at the network; on the local stack, start it with make up"
            )
        case BotoCoreError():
            return Problem(f"AWS was not reached: {error}")
    return Problem(str(error))


def _refusal(error: ClientError, needs: Sequence[str]) -> Problem:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "") or str(error)
    if code in _EXPIRED:
        return Problem(message, "sign in again, such as with aws sso login")
    if not any(each in code for each in _DENIED):
        return Problem(f"{code}: {message}")
    operation = error.operation_name
    missing = _PERMISSIONS.get(operation) or next(
        (each for each in needs if each.endswith(f":{operation}")), operation
    )
    return Problem(message, f"ask for the permission {missing} on this stack", missing)

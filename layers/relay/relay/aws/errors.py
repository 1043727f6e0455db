"""Classifies botocore's errors as the relay's own."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ParamValidationError,
)

from relay.aws.clients import NotBegun
from relay.errors import (
    AccessDenied,
    MessageTooLong,
    NotTried,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "KMS.AccessDeniedException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)

# Throttling as botocore's own retry rules list it (SageMaker's runtime models none), and server
# errors as batch calls report them for an entry.
_TEMPORARY = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionInProgressException",
    }
)

# SQS and SNS have a code for a batch that is too long. For one message they blame a parameter
# ("Message must be shorter than 262144 bytes.", "Message too long"), as EventBridge does for a
# batch ("Total size of the entries in the request is over the limit."): the text decides.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
_TOO_LONG = frozenset(
    {
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "BatchRequestTooLong",
        "BatchRequestTooLongException",
    }
)
_BLAMES_A_PARAMETER = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterValue",
        "ParameterValueInvalid",
        "ValidationException",
    }
)
_TOO_LONG_TEXT = re.compile(
    r"message must be shorter than|message too long|batch requests cannot be longer than"
    r"|size of the entries in the request is over the limit",
    re.IGNORECASE,
)


SdkError = ClientError | BotoCoreError


def classify(error: SdkError, doing: str) -> RelayError:
    """The relay's error for one of botocore's; raise it `from` the original to keep the cause.

    Args:
        error: what the SDK raised, after its own retries.
        doing: what was attempted, to begin the message with ("invoke endpoint relay").
    """
    if isinstance(error, ParamValidationError):
        return PermanentError(f"{doing}: {error}")
    if isinstance(error, NotBegun):
        return NotTried(f"{doing}: {error}")
    if isinstance(error, HTTPClientError):
        # The network, or a time-out: it may have arrived.
        return Unanswered(f"{doing}: {error}")
    if isinstance(error, BotoCoreError):
        # Credentials that could not be fetched, for example.
        return TransientError(f"{doing}: {error}")
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return classify_code(details.get("Code", "Unknown"), details.get("Message", ""), doing, status)


def classify_code(code: str, message: str, doing: str, status: int = 400) -> RelayError:
    """The relay's error for an error code, as batch calls also report it for each entry."""
    text = f"{doing}: {code}: {message or 'no message'}"
    if code in _DENIED or status in (401, 403):
        return AccessDenied(text)
    if status >= 500 and status != 503:
        return Unanswered(text)
    if code in _TEMPORARY or status in (429, 503):
        return TransientError(text)
    if code in _TOO_LONG or (code in _BLAMES_A_PARAMETER and _TOO_LONG_TEXT.search(message)):
        return MessageTooLong(text)
    return PermanentError(text)


def error_code(error: SdkError) -> str:
    """The service's error code; "" where no service answered."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""


@contextmanager
def translated(
    doing: str, by: Callable[[SdkError, str], RelayError | None] = classify
) -> Iterator[None]:
    """Raise the relay's error for one of botocore's inside the block.

    Args:
        doing: what is attempted ("invoke endpoint relay").
        by: gives the error to raise, or None for an error that means success.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if translation := by(error, doing):
            raise translation from error

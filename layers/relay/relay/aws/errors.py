"""Where every botocore error becomes one of the relay's own. Nothing else looks at error codes first."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from relay.errors import AccessDenied, PermanentError, RelayError, TransientError

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

# SageMaker's runtime models no throttling error; codes as botocore's own retry rules list them.
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
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
        "TransactionInProgressException",
    }
)


def classify(error: ClientError | BotoCoreError, doing: str) -> RelayError:
    """The relay's error for one of botocore's; raise it `from` the original to keep the cause.

    Args:
        error: what the SDK raised, after its own retries.
        doing: what was attempted, to begin the message with ("invoke endpoint relay").
    """
    if isinstance(error, ParamValidationError):
        return PermanentError(f"{doing}: {error}")
    if isinstance(error, BotoCoreError):
        # The network, a time-out, or credentials that could not be fetched.
        return TransientError(f"{doing}: {error}")
    details = error.response.get("Error", {})
    code = details.get("Code", "Unknown")
    text = f"{doing}: {code}: {details.get('Message', 'no message')}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _DENIED or status in (401, 403):
        return AccessDenied(text)
    if code in _THROTTLED or status == 429 or status >= 500:
        return TransientError(text)
    return PermanentError(text)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turns the SDK's errors inside the block into the relay's."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise classify(error, doing) from error

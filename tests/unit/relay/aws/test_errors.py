"""Every error of botocore becomes the one of the relay's that says what to do."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from relay.aws.errors import classify, classify_code, translated
from relay.errors import (
    AccessDenied,
    MessageTooLong,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)


def client_error(code: str, status: int = 400, message: str = "a message") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "r",
                "HostId": "h",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "Operation",
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (client_error("ThrottlingException"), TransientError),
        (client_error("ProvisionedThroughputExceededException"), TransientError),
        (client_error("whatever", 429), TransientError),
        (client_error("ServiceUnavailable", 503), TransientError),
        (client_error("SlowDown", 503), TransientError),
        (NoCredentialsError(), TransientError),
        (client_error("InternalFailure", 500), Unanswered),
        (client_error("whatever", 502), Unanswered),
        (client_error("whatever", 504), Unanswered),
        (ReadTimeoutError(endpoint_url="https://x"), Unanswered),
        (ConnectionClosedError(endpoint_url="https://x"), Unanswered),
        (EndpointConnectionError(endpoint_url="https://x"), TransientError),
        (client_error("AccessDeniedException"), AccessDenied),
        (client_error("AccessDenied", 403), AccessDenied),
        (client_error("ExpiredTokenException"), AccessDenied),
        (client_error("whatever", 401), AccessDenied),
        (client_error("InvalidSignatureException", 403), AccessDenied),
        (client_error("ValidationError"), PermanentError),
        (client_error("ResourceNotFoundException"), PermanentError),
        (client_error("SomethingNew"), PermanentError),
        (ParamValidationError(report="too short"), PermanentError),
        (client_error("AWS.SimpleQueueService.BatchRequestTooLong"), MessageTooLong),
        (client_error("BatchRequestTooLong"), MessageTooLong),
        (
            client_error(
                "InvalidParameterValue",
                message="One or more parameters are invalid. Reason: Message must be shorter than "
                "262144 bytes.",
            ),
            MessageTooLong,
        ),
        (
            client_error("InvalidParameter", message="Invalid parameter: Message too long"),
            MessageTooLong,
        ),
        (
            client_error(
                "ValidationException",
                message="Total size of the entries in the request is over the limit.",
            ),
            MessageTooLong,
        ),
        (
            client_error("InvalidParameterValue", message="Value 901 for DelaySeconds is invalid"),
            PermanentError,
        ),
    ],
)
def test_each_error_says_what_to_do_about_it(
    error: ClientError | BotoCoreError, kind: type[RelayError]
) -> None:
    assert type(classify(error, "send")) is kind


def test_the_message_says_what_was_tried_and_what_aws_said() -> None:
    error = classify(client_error("ValidationError", message="Endpoint x not found."), "invoke x")

    assert str(error) == "invoke x: ValidationError: Endpoint x not found."


def test_the_cause_is_kept() -> None:
    cause = client_error("ThrottlingException")

    with (
        pytest.raises(TransientError, match="read the table: Throttling") as caught,
        translated("read the table"),
    ):
        raise cause

    assert caught.value.__cause__ is cause


def test_errors_that_are_not_the_sdks_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), translated("divide"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InternalError", TransientError),
        ("ThrottlingError", TransientError),
        ("TransactionConflict", TransientError),
        ("AccessDenied", AccessDenied),
        ("KMS.AccessDeniedException", AccessDenied),
        ("ValidationError", PermanentError),
        ("InvalidMessageContents", PermanentError),
    ],
)
def test_an_entry_of_a_batch_is_classified_by_its_code_alone(
    code: str, kind: type[RelayError]
) -> None:
    error = classify_code(code, "", "send")

    assert type(error) is kind
    assert str(error) == f"send: {code}: no message"

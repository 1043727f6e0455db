"""Each error says what a person does about it."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from relayctl.console.problems import problem
from relayctl.errors import RelayctlError


def error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.mark.parametrize(
    ("code", "operation", "permission"),
    [
        ("AccessDenied", "GetObject", "s3:GetObject"),
        ("AccessDeniedException", "Invoke", "lambda:InvokeFunction"),
        ("AWS.SimpleQueueService.AccessDenied", "SendMessageBatch", "sqs:SendMessage"),
        ("AuthorizationError", "GetTopicAttributes", "GetTopicAttributes"),
        ("UnauthorizedOperation", "DescribeEndpoint", "sagemaker:DescribeEndpoint"),
    ],
)
def test_a_denied_call_names_its_permission(code: str, operation: str, permission: str) -> None:
    found = problem(error(code, operation), ("s3:GetObject", "sagemaker:DescribeEndpoint"))

    assert found.permission == permission
    assert permission in found.advice


@pytest.mark.parametrize(
    ("cause", "text", "advice"),
    [
        (error("ExpiredTokenException", "GetObject"), "no", "sign in again"),
        (NoCredentialsError(), "Unable to locate credentials", "sign in"),
        (EndpointConnectionError(endpoint_url="u"), "Could not connect", "make up"),
        (ConnectTimeoutError(endpoint_url="u"), "AWS was not reached", ""),
        (error("ThrottlingException", "GetObject"), "ThrottlingException: no", ""),
        (RelayctlError("what to change"), "what to change", ""),
    ],
)
def test_any_other_error_says_what_to_do(cause: Exception, text: str, advice: str) -> None:
    found = problem(cause)

    assert text in found.text
    assert advice in found.advice
    assert found.permission == ""

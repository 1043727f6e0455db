"""The asynchronous endpoint: InvokeEndpointAsync, ten at a time."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.clients import INVOCATIONS_AT_A_TIME
from relay.aws.errors import classify
from relay.errors import EndpointNotReady, PermanentError, RelayError, TransientError
from relay.limits import output_extension
from relay.ports import Accepted, Submission
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import InvokeEndpointAsyncInputTypeDef

# SageMaker says both "you ask for something impossible" and "the endpoint is not there yet" with a
# ValidationError; only the text tells them apart ("Endpoint relay of account 123… not found.").
_INVALID = frozenset({"ValidationError", "ValidationException"})
_BAD_SIGNATURE = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
_NOT_READY = re.compile(
    r"\bendpoint\b.*\b(not found|not (yet )?in ?service|status)\b|\bcould not find endpoint\b",
    re.IGNORECASE | re.DOTALL,
)


class SageMakerEndpoint:
    """Fills in `relay.ports.Endpoint`."""

    def __init__(self, runtime: "SageMakerRuntimeClient", name: str, inputs: S3Uri) -> None:
        self._runtime = runtime
        self._name = name
        self._inputs = inputs
        self._threads = ThreadPoolExecutor(INVOCATIONS_AT_A_TIME, thread_name_prefix="invoke")

    def invoke(self, submissions: Sequence[Submission]) -> Mapping[str, Accepted | RelayError]:
        answers = self._threads.map(self._invoke, submissions)
        return {
            submission.attempt.id: answer
            for submission, answer in zip(submissions, answers, strict=True)
        }

    def _invoke(self, submission: Submission) -> Accepted | RelayError:
        try:
            answer = self._runtime.invoke_endpoint_async(**self._parameters(submission))
        except (ClientError, BotoCoreError) as cause:
            error = self._error(cause, submission)
            error.__cause__ = cause
            return error
        return Accepted(_location(answer.get("OutputLocation")))

    def _error(self, cause: ClientError | BotoCoreError, submission: Submission) -> RelayError:
        error = classify(cause, f"invoke endpoint {self._name}")
        if not isinstance(cause, ClientError):
            return error
        details = cause.response.get("Error", {})
        location = str(submission.request.location)
        if details.get("Code") in _BAD_SIGNATURE and not location.isascii():
            return PermanentError(
                "SageMaker cannot verify the signature of a request whose input location holds "
                f"characters beyond ASCII; rename the object ({error})"
            )
        if not isinstance(error, PermanentError):
            return error
        if details.get("Code") not in _INVALID:
            # It blames the way or the caller. To reject a request for it would lose the request.
            return TransientError(str(error))
        message = details.get("Message", "")
        for name in (location, self._name):
            message = message.replace(name, "")
        return EndpointNotReady(str(error)) if _NOT_READY.search(message) else error

    def _parameters(self, submission: Submission) -> "InvokeEndpointAsyncInputTypeDef":
        request, attempt = submission.request, submission.attempt
        parameters: InvokeEndpointAsyncInputTypeDef = {
            "EndpointName": self._name,
            "InferenceId": attempt.id,
            "Filename": attempt.id,
        }
        extension = output_extension(request.location, self._inputs)
        if extension:
            parameters["S3OutputPathExtension"] = extension
        if request.location is not None:
            parameters["InputLocation"] = str(request.location)
        if request.body is not None:
            parameters["Body"] = request.body
        if request.content_type:
            parameters["ContentType"] = request.content_type
        if request.accept:
            parameters["Accept"] = request.accept
        if request.custom_attributes:
            parameters["CustomAttributes"] = request.custom_attributes
        if attempt.ttl_seconds is not None:
            parameters["RequestTTLSeconds"] = attempt.ttl_seconds
        if attempt.timeout_seconds is not None:
            parameters["InvocationTimeoutSeconds"] = attempt.timeout_seconds
        return parameters


def _location(text: str | None) -> str | None:
    """As `s3://`. What is no location of S3 could never be looked for, so it counts as not told."""
    try:
        return None if text is None else str(S3Uri.parse(text))
    except ValueError:
        return None

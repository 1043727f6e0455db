"""The asynchronous endpoint: InvokeEndpointAsync, ten at a time.

`Filename` and `S3OutputPathExtension` are newer than the operation, so that a region may not have
them yet. One that ignores them returns another output location; one that refuses them gets the same
request without them.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import SdkError, classify
from relay.aws.side_by_side import SideBySide
from relay.budget import Budget
from relay.delivery.isolation import unexpected
from relay.errors import EndpointNotReady, PermanentError, RelayError, TransientError
from relay.ports import Accepted, Submission
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import InvokeEndpointAsyncInputTypeDef

# SageMaker says both "you ask for something impossible" and "the endpoint is not there yet" with a
# ValidationError; only the text distinguishes them ("Endpoint relay of account 123… not found.").
_INVALID = frozenset({"ValidationError", "ValidationException"})
_BAD_SIGNATURE = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
_NOT_READY = re.compile(
    r"\bendpoint\b.*\b(not found|not (yet )?in ?service|status)\b|\bcould not find endpoint\b",
    re.IGNORECASE | re.DOTALL,
)
# Members that a request can be sent without, and how a refusal names each: member or header.
_OPTIONAL = {
    "Filename": re.compile(r"file-?name", re.IGNORECASE),
    "S3OutputPathExtension": re.compile(r"s3-?output-?path-?extension", re.IGNORECASE),
}
_UNKNOWN_MEMBER = re.compile(
    r"\b(unknown|unrecogni[sz]ed|unsupported|unexpected)\b.{0,40}\b(member|parameter|field|header)",
    re.IGNORECASE | re.DOTALL,
)


# SageMaker answers in some tens of milliseconds, so that ten at a time keep one processor busy.
INVOCATIONS_AT_A_TIME = 10


class SageMakerEndpoint:
    """Implements `relay.ports.Endpoint`."""

    def __init__(self, runtime: "SageMakerRuntimeClient", name: str, budget: Budget) -> None:
        self._runtime = runtime
        self._name = name
        # Members that the region refuses, for the life of this environment. Threads that write at
        # the same time may lose a member, which costs one more refusal.
        self._refused: frozenset[str] = frozenset()
        self._side_by_side = SideBySide(budget, INVOCATIONS_AT_A_TIME, "invoke")

    def invoke(self, submissions: Sequence[Submission]) -> Mapping[str, Accepted | RelayError]:
        answers = self._side_by_side(self._invoke_alone, submissions)
        return {
            submission.attempt.id: answer
            for submission, answer in zip(submissions, answers, strict=True)
        }

    def _invoke_alone(self, submission: Submission) -> Accepted | RelayError:
        try:
            return self._invoke(submission)
        except Exception as error:
            return unexpected(error, f"invoke endpoint {self._name}")

    def _invoke(self, submission: Submission) -> Accepted | RelayError:
        left_out = self._refused
        while True:
            parameters = self._parameters(submission, left_out)
            try:
                answer = self._runtime.invoke_endpoint_async(**parameters)
            except (ClientError, BotoCoreError) as cause:
                error = self._error(cause, submission)
                error.__cause__ = cause
                blamed = self._blamed(cause, submission) & parameters.keys()
                if not blamed or not isinstance(error, PermanentError):
                    return error
                left_out |= blamed
            else:
                # Only a request that was taken without them proves that they were to blame.
                self._refused = self._refused | left_out
                return Accepted(_location(answer.get("OutputLocation")), left_out)

    def _blamed(self, cause: SdkError, submission: Submission) -> set[str]:
        """The optional members that a refusal names; all of them where it names no unknown one."""
        if not isinstance(cause, ClientError):
            return set()
        text = self._own_words(cause, submission)
        named = {name for name, pattern in _OPTIONAL.items() if pattern.search(text)}
        return named or (set(_OPTIONAL) if _UNKNOWN_MEMBER.search(text) else set())

    def _own_words(self, cause: ClientError, submission: Submission) -> str:
        """SageMaker's message without names that users chose."""
        message = cause.response.get("Error", {}).get("Message", "")
        for name in (str(submission.request.location), self._name):
            message = message.replace(name, "")
        return message

    def _error(self, cause: SdkError, submission: Submission) -> RelayError:
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
            # The error is about the caller or the call: rejecting the request would lose it.
            return TransientError(str(error))
        away = _NOT_READY.search(self._own_words(cause, submission))
        return EndpointNotReady(str(error)) if away else error

    def _parameters(
        self, submission: Submission, left_out: frozenset[str]
    ) -> "InvokeEndpointAsyncInputTypeDef":
        request, attempt = submission.request, submission.attempt
        parameters: InvokeEndpointAsyncInputTypeDef = {
            "EndpointName": self._name,
            "InferenceId": attempt.id,
        }
        if "Filename" not in left_out:
            parameters["Filename"] = attempt.id
        if submission.extension and "S3OutputPathExtension" not in left_out:
            parameters["S3OutputPathExtension"] = submission.extension
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
    """As `s3://`. What is no S3 URI could never be looked for, so it counts as absent."""
    try:
        return None if text is None else str(S3Uri.parse(text))
    except ValueError:
        return None

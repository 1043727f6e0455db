"""InvokeEndpointAsync: what is asked of SageMaker, and what its answers mean."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from relay.aws.sagemaker.endpoint import SageMakerEndpoint
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    PermanentError,
    RelayError,
    TransientError,
    UnexpectedError,
)
from relay.model import InferenceRequest
from relay.ports import Accepted, Submission
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.budgets import ample
from tests.support.samples import BUCKET, OUTPUTS

ID = "a" * 32


class Stubbed:
    """The endpoint, with SageMaker's answers laid out in advance."""

    def __init__(self, name: str = "relay") -> None:
        client = boto3.client(
            "sagemaker-runtime",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.sagemaker = Stubber(client)
        self.endpoint = SageMakerEndpoint(client, name, ample())

    def refuse(self, code: str, message: str, status: int = 400) -> RelayError:
        """What the endpoint makes of an error."""
        self.sagemaker.add_client_error("invoke_endpoint_async", code, message, status)
        answer = self.endpoint.invoke([submission()])[ID]
        assert isinstance(answer, RelayError)
        assert answer.__cause__ is not None
        return answer


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    stubbed = Stubbed()
    with stubbed.sagemaker:
        yield stubbed


def submission(inference_id: str = ID, **members: Any) -> Submission:
    request = {
        "location": S3Uri(BUCKET, "inputs/orders/größe 1.csv"),
        "content_type": "text/csv",
        **members,
    }
    extension = request.pop("extension", "")
    attempt = samples.attempt(inference_id, ttl_seconds=600, timeout_seconds=60)
    return Submission(InferenceRequest(inference_id, **request), attempt, extension)


def test_an_upload_is_named_by_its_location_and_answered_under_its_id(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_response(
        "invoke_endpoint_async",
        {"InferenceId": ID, "OutputLocation": f"{OUTPUTS}orders/{ID}.out"},
        {
            "EndpointName": "relay",
            "InferenceId": ID,
            "Filename": ID,
            "S3OutputPathExtension": "/orders",
            "InputLocation": f"s3://{BUCKET}/inputs/orders/größe 1.csv",
            "ContentType": "text/csv",
            "Accept": "application/json",
            "CustomAttributes": "a=b",
            "RequestTTLSeconds": 600,
            "InvocationTimeoutSeconds": 60,
        },
    )

    answers = stubbed.endpoint.invoke(
        [submission(accept="application/json", custom_attributes="a=b", extension="/orders")]
    )

    assert answers == {ID: Accepted(f"{OUTPUTS}orders/{ID}.out")}


def test_an_inline_input_travels_in_the_call(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_response(
        "invoke_endpoint_async",
        {"InferenceId": ID},
        {
            "EndpointName": "relay",
            "InferenceId": ID,
            "Filename": ID,
            "Body": b"1,2",
            "ContentType": "text/csv",
            "RequestTTLSeconds": 600,
            "InvocationTimeoutSeconds": 60,
        },
    )

    assert stubbed.endpoint.invoke([submission(location=None, body=b"1,2")]) == {ID: Accepted(None)}


def test_nothing_to_invoke_is_no_call(stubbed: Stubbed) -> None:
    assert stubbed.endpoint.invoke([]) == {}


def test_a_refusal_concerns_its_own_request_alone(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_response("invoke_endpoint_async", {"InferenceId": "b" * 32})
    stubbed.sagemaker.add_client_error("invoke_endpoint_async", "ThrottlingException")

    answers = stubbed.endpoint.invoke([submission("b" * 32), submission("c" * 32)])

    assert sorted(type(answer).__name__ for answer in answers.values()) == [
        "Accepted",
        "TransientError",
    ]
    assert list(answers) == ["b" * 32, "c" * 32]


@pytest.mark.parametrize(
    "message",
    [
        "Endpoint relay of account 000000000000 not found.",
        "Endpoint relay is not in service.",
        'Could not find endpoint "relay".',
        "Endpoint relay is not InService.",
        "Cannot invoke endpoint relay while its status is Creating.",
    ],
)
def test_an_endpoint_that_is_not_there_yet_is_waited_for(stubbed: Stubbed, message: str) -> None:
    assert type(stubbed.refuse("ValidationError", message)) is EndpointNotReady


@pytest.mark.parametrize(
    "message",
    [
        "1 validation error detected: Value at 'accept' failed to satisfy constraint",
        f"InputLocation s3://{BUCKET}/inputs/orders/größe 1.csv is malformed",
        f"Object s3://{BUCKET}/inputs/orders/größe 1.csv not found",
    ],
)
def test_a_request_that_sagemaker_calls_invalid_can_never_work(
    stubbed: Stubbed, message: str
) -> None:
    assert type(stubbed.refuse("ValidationError", message)) is PermanentError


def test_names_that_sound_like_an_absence_do_not_count_as_one() -> None:
    stubbed = Stubbed("order-status")
    attempt = samples.attempt(ID)
    location = S3Uri(BUCKET, "inputs/not found/status/a.csv")
    stubbed.sagemaker.add_client_error(
        "invoke_endpoint_async",
        "ValidationError",
        f"Endpoint order-status refuses {location}: it is malformed",
    )

    with stubbed.sagemaker:
        answers = stubbed.endpoint.invoke([Submission(InferenceRequest(ID, location), attempt)])

    assert type(answers[ID]) is PermanentError


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("RequestTimeTooSkewed", 400),
        ("IncompleteSignature", 400),
        ("UnknownOperationException", 404),
        ("404", 404),
        ("SomethingNew", 400),
    ],
)
def test_an_error_that_does_not_blame_the_request_rejects_no_request(
    stubbed: Stubbed, code: str, status: int
) -> None:
    error = stubbed.refuse(code, "", status)

    assert isinstance(error, TransientError)
    assert code in str(error)


@pytest.mark.parametrize("code", ["InvalidSignatureException", "SignatureDoesNotMatch"])
def test_a_key_beyond_ascii_that_breaks_the_signature_can_never_work(
    stubbed: Stubbed, code: str
) -> None:
    """Reported of real endpoints; no permission resolves it, so waiting would never end."""
    error = stubbed.refuse(code, "The request signature we calculated does not match", 403)

    assert type(error) is PermanentError
    assert "rename the object" in str(error)


def test_a_signature_that_breaks_for_any_other_reason_may_be_repaired(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_client_error(
        "invoke_endpoint_async", "InvalidSignatureException", http_status_code=403
    )

    answers = stubbed.endpoint.invoke([submission(location=S3Uri(BUCKET, "inputs/a.csv"))])

    assert type(answers[ID]) is AccessDenied


def test_a_missing_permission_is_access_denied(stubbed: Stubbed) -> None:
    error = stubbed.refuse("AccessDeniedException", "not authorized", 403)

    assert type(error) is AccessDenied
    assert str(error) == "invoke endpoint relay: AccessDeniedException: not authorized"


def test_what_botocore_itself_refuses_can_never_work(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_response("invoke_endpoint_async", {"InferenceId": ID})
    short = samples.attempt(ID, ttl_seconds=5)
    request = InferenceRequest(ID, S3Uri(BUCKET, "inputs/a.csv"))

    answer = stubbed.endpoint.invoke([Submission(request, short)])[ID]

    assert type(answer) is PermanentError
    assert "RequestTTLSeconds" in str(answer)


@pytest.mark.parametrize(
    ("reported", "understood"),
    [
        (f"https://{BUCKET}.s3.us-east-1.amazonaws.com/outputs/{ID}.out", f"{OUTPUTS}{ID}.out"),
        ("somewhere else", None),
    ],
)
def test_an_output_location_is_one_that_reconcile_can_look_for(
    stubbed: Stubbed, reported: str, understood: str | None
) -> None:
    """One that it cannot parse would stop it at the attempt's minute endlessly."""
    stubbed.sagemaker.add_response(
        "invoke_endpoint_async", {"InferenceId": ID, "OutputLocation": reported}
    )

    assert stubbed.endpoint.invoke([submission()]) == {ID: Accepted(understood)}


def test_an_unexpected_error_in_one_call_harms_no_other(stubbed: Stubbed) -> None:
    stubbed.sagemaker.add_response("invoke_endpoint_async", {"OutputLocation": f"{OUTPUTS}{ID}"})
    bad = replace(submission("b" * 32), request=cast(Any, None))

    answers = stubbed.endpoint.invoke([submission(), bad])

    assert answers[ID] == Accepted(f"{OUTPUTS}{ID}")
    assert isinstance(answers["b" * 32], UnexpectedError)

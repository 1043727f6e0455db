"""What every endpoint answers, in memory and on SageMaker."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.errors import EndpointNotReady, PermanentError, TransientError
from relay.model import Attempt, InferenceRequest
from relay.ports import Accepted, Endpoint, Submission
from relay.s3uri import S3Uri

from tests.support.samples import NOON

_LONG = "x" * 1025


def submission(inputs: S3Uri, **changes: Any) -> Submission:
    """An upload under `inputs`; changes are those of the request, or the attempt's time limits."""
    inference_id = uuid.uuid4().hex
    location = S3Uri(inputs.bucket, f"{inputs.key}a.csv")
    limits = {name: changes.pop(name) for name in list(changes) if name.endswith("_seconds")}
    request = InferenceRequest(inference_id, location, content_type="text/csv")
    attempt = Attempt(
        id=inference_id,
        request_id=inference_id,
        number=1,
        claimed_by="m-1",
        endpoint="relay",
        submitted_at=NOON,
        due_at=NOON + timedelta(hours=7),
        location=location,
        output_location=f"s3://{inputs.bucket}/outputs/{inference_id}",
    )
    return Submission(replace(request, **changes), replace(attempt, **limits))


class EndpointContract(ABC):
    """Inherit, and give the fixtures."""

    @pytest.fixture
    @abstractmethod
    def endpoint(self) -> Endpoint:
        """In service."""

    @pytest.fixture
    @abstractmethod
    def absent(self) -> Endpoint:
        """One that is not there, or not yet."""

    @pytest.fixture
    @abstractmethod
    def inputs(self) -> S3Uri:
        """The folder that the endpoint reads from."""

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"location": None, "body": b"1,2,3"},
            {"accept": "text/csv", "custom_attributes": "team=fraud; n=1"},
            {"ttl_seconds": 60, "timeout_seconds": 1},
            {"ttl_seconds": 21_600, "timeout_seconds": 3_600},
        ],
        ids=str,
    )
    def test_what_can_be_inferred_is_taken_and_its_output_named(
        self, endpoint: Endpoint, inputs: S3Uri, changes: dict[str, Any]
    ) -> None:
        sent = submission(inputs, **changes)

        answer = endpoint.invoke([sent])[sent.attempt.id]

        assert isinstance(answer, Accepted)
        folder = f"s3://{inputs.bucket}/outputs/{sent.attempt.id}"
        assert answer.output_location is not None
        assert answer.output_location.startswith(folder)

    @pytest.mark.parametrize(
        "changes",
        [
            {"body": b"1,2,3"},
            {"location": None},
            {"location": None, "body": b"x" * 128_001},
            {"location": S3Uri("data", "inputs/".ljust(1024, "k"))},
            {"content_type": _LONG},
            {"accept": _LONG},
            {"custom_attributes": _LONG},
            {"ttl_seconds": 59},
            {"ttl_seconds": 21_601},
            {"timeout_seconds": 3_601},
        ],
        ids=lambda changes: ",".join(changes),
    )
    def test_what_can_never_be_inferred_is_refused_for_good(
        self, endpoint: Endpoint, inputs: S3Uri, changes: dict[str, Any]
    ) -> None:
        sent = submission(inputs, **changes)

        answer = endpoint.invoke([sent])[sent.attempt.id]

        assert isinstance(answer, PermanentError)

    def test_each_of_many_gets_its_own_answer(self, endpoint: Endpoint, inputs: S3Uri) -> None:
        many = [submission(inputs) for _ in range(24)]
        wrong = submission(inputs, body=b"and a location")

        answers = endpoint.invoke([*many[:12], wrong, *many[12:]])

        refused = [key for key, answer in answers.items() if not isinstance(answer, Accepted)]
        assert refused == [wrong.attempt.id]
        assert answers.keys() == {sent.attempt.id for sent in (*many, wrong)}

    def test_an_endpoint_that_is_not_there_may_come_later(
        self, absent: Endpoint, inputs: S3Uri
    ) -> None:
        sent = submission(inputs)

        answer = absent.invoke([sent])[sent.attempt.id]

        assert isinstance(answer, EndpointNotReady)
        assert isinstance(answer, TransientError)

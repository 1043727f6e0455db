"""Filename and S3OutputPathExtension, where a region does not have them yet."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from relay.aws.sagemaker.endpoint import SageMakerEndpoint
from relay.errors import EndpointNotReady, PermanentError, TransientError
from relay.model import InferenceRequest
from relay.ports import Accepted, Submission
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.budgets import ample
from tests.support.samples import BUCKET, OUTPUTS

FILENAME, EXTENSION = "Filename", "S3OutputPathExtension"
BOTH = frozenset({FILENAME, EXTENSION})

# It is not recorded how a region refuses a member that it does not have: as a value, as a header,
# or without naming it.
WORDS = {
    "1 validation error detected: Value at 'filename' failed to satisfy constraint": {FILENAME},
    "Unrecognized header X-Amzn-SageMaker-Filename": {FILENAME},
    "Unknown parameter Filename": {FILENAME},
    "S3OutputPathExtension is not supported": {EXTENSION},
    "Value at 's3OutputPathExtension' failed to satisfy constraint": {EXTENSION},
    "Unexpected header X-Amzn-SageMaker-S3OutputPathExtension": {EXTENSION},
    "Unknown member": BOTH,
    "Request contains an unsupported parameter": BOTH,
}


class OldRegion:
    """What `SageMakerEndpoint` calls, without some members. `requests` are all that came.

    `refuses` maps members to the words of the refusal; `ignores` are those of which nothing comes.
    `afterwards` is what a request meets that has no refused member any more.
    """

    def __init__(
        self,
        refuses: Mapping[str, str],
        ignores: frozenset[str] = frozenset(),
        afterwards: ClientError | None = None,
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.afterwards = afterwards
        self._refuses = refuses
        self._ignores = ignores

    def invoke_endpoint_async(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        for member, words in self._refuses.items():
            if member in request:
                raise refusal(words)
        if self.afterwards is not None:
            raise self.afterwards
        known = {name: value for name, value in request.items() if name not in self._ignores}
        folder = known.get(EXTENSION, "").strip("/")
        name = known.get(FILENAME, "0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7")
        path = "/".join(part for part in (folder, f"{name}.out") if part)
        return {"InferenceId": request["InferenceId"], "OutputLocation": f"{OUTPUTS}{path}"}


def refusal(words: str, code: str = "ValidationError") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}}, "InvokeEndpointAsync")


def endpoint(region: OldRegion) -> SageMakerEndpoint:
    return SageMakerEndpoint(cast(Any, region), "relay", ample())


def submission(number: int = 1, key: str = "inputs/orders/a.csv") -> Submission:
    inference_id = f"{number:032x}"
    request = InferenceRequest(inference_id, S3Uri(BUCKET, key))
    return Submission(request, samples.attempt(inference_id), "/orders")


@pytest.mark.parametrize(("words", "blamed"), WORDS.items())
def test_a_request_goes_on_without_what_its_region_refuses(words: str, blamed: set[str]) -> None:
    region = OldRegion(dict.fromkeys(blamed, words))
    sent = submission()

    answer = endpoint(region).invoke([sent])[sent.attempt.id]

    assert isinstance(answer, Accepted)
    assert answer.left_out == blamed
    first, second = region.requests
    assert first.keys() - second.keys() == blamed
    assert {name: first[name] for name in second} == second


def test_both_may_be_refused_one_after_the_other() -> None:
    region = OldRegion({FILENAME: "Unknown parameter Filename", EXTENSION: f"No {EXTENSION}"})
    sent = submission()

    answer = endpoint(region).invoke([sent])[sent.attempt.id]

    assert answer == Accepted(f"{OUTPUTS}0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7.out", BOTH)
    assert len(region.requests) == 3


def test_what_was_refused_is_not_tried_again_as_long_as_the_environment_lives() -> None:
    region = OldRegion({FILENAME: "Unknown parameter Filename"})
    relay = endpoint(region)
    relay.invoke([submission(0)])
    before = len(region.requests)

    answers = relay.invoke([submission(number) for number in range(1, 30)])

    assert len(region.requests) - before == 29
    assert {answer.left_out for answer in answers.values() if isinstance(answer, Accepted)} == {
        frozenset({FILENAME})
    }


@pytest.mark.parametrize("member", [FILENAME, EXTENSION])
def test_what_is_ignored_shows_in_the_location_and_costs_no_further_call(member: str) -> None:
    region = OldRegion({}, ignores=frozenset({member}))
    sent = submission()

    answer = endpoint(region).invoke([sent])[sent.attempt.id]

    assert isinstance(answer, Accepted)
    assert answer.left_out == frozenset()
    assert (sent.attempt.id in (answer.output_location or "")) is (member != FILENAME)
    assert len(region.requests) == 1


def test_a_request_that_is_refused_all_the_same_is_the_one_to_blame() -> None:
    """A caller's own value, say, that happens to hold the name of a member."""
    wrong = refusal("Value 'Filename' at 'accept' failed to satisfy constraint")
    region = OldRegion({}, afterwards=wrong)
    relay = endpoint(region)
    sent = submission()

    answer = relay.invoke([sent])[sent.attempt.id]

    assert isinstance(answer, PermanentError)
    assert len(region.requests) == 2

    region.afterwards = None
    relay.invoke([submission(2)])
    assert FILENAME in region.requests[-1]


def test_a_request_that_is_throttled_without_the_member_comes_back() -> None:
    region = OldRegion(
        {FILENAME: "Unknown parameter Filename"}, afterwards=refusal("", "ThrottlingException")
    )
    sent = submission()

    answer = endpoint(region).invoke([sent])[sent.attempt.id]

    assert type(answer) is TransientError
    assert len(region.requests) == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refusal("Endpoint relay of account 000000000000 not found."), EndpointNotReady),
        (refusal("Rate exceeded for Filename", "ThrottlingException"), TransientError),
        (refusal("Filename", "SomethingNew"), TransientError),
    ],
)
def test_an_error_that_names_no_member_is_not_retried_without_one(
    error: ClientError, kind: type[Exception]
) -> None:
    region = OldRegion({}, afterwards=error)
    sent = submission(key="inputs/Filename/S3OutputPathExtension/unknown member.csv")

    answer = endpoint(region).invoke([sent])[sent.attempt.id]

    assert type(answer) is kind
    assert len(region.requests) == 1


def test_a_member_in_a_quoted_key_is_no_refused_member() -> None:
    sent = submission(key="inputs/Filename/a.csv")
    region = OldRegion({}, afterwards=refusal(f"Object {sent.request.location} is malformed"))

    assert isinstance(endpoint(region).invoke([sent])[sent.attempt.id], PermanentError)
    assert len(region.requests) == 1

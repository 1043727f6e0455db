"""What reaches the functions of a stack."""

import io
import json
from collections.abc import Mapping

import boto3
import pytest
from botocore.exceptions import ClientError

from relayctl.deployment import Deployment
from relayctl.errors import Misused, RelayctlError

THROTTLED = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")


class FakeLambda:
    """Gives its answers in turn, the last one again and again."""

    def __init__(self, *answers: Mapping[str, object] | ClientError) -> None:
        self.answers = list(answers)
        self.calls = 0

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Mapping[str, object]:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ClientError):
            raise answer
        return {"Payload": io.BytesIO(json.dumps(answer.get("document")).encode()), **answer}


def deployment(functions: FakeLambda) -> Deployment:
    made = Deployment("relay", boto3.Session(region_name="us-east-1"))
    made.__dict__["outputs"] = {"ReconcileFunctionName": "relay-reconcile"}
    made.__dict__["functions"] = functions
    return made


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("relayctl.deployment.sleep", made.append)
    return made


def test_a_call_that_lambda_throttles_is_repeated_after_longer_and_longer_pauses(
    pauses: list[float],
) -> None:
    functions = FakeLambda(THROTTLED, THROTTLED, {"document": {"state": "completed"}})

    assert deployment(functions).ask({"action": "status"}) == {"state": "completed"}
    assert pauses == [0.5, 1.0]


def test_a_call_that_is_always_throttled_ends_in_the_error() -> None:
    functions = FakeLambda(THROTTLED)

    with pytest.raises(ClientError, match="TooManyRequestsException"):
        deployment(functions).ask({"action": "status"})
    assert functions.calls == 5


def test_any_other_refusal_is_not_repeated() -> None:
    functions = FakeLambda(DENIED)

    with pytest.raises(ClientError, match="AccessDenied"):
        deployment(functions).ask({"action": "status"})
    assert functions.calls == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"FunctionError": "Unhandled", "document": {"errorMessage": "action is missing"}},
            "relay-reconcile: action is missing",
        ),
        ({"FunctionError": "Unhandled", "document": None}, "relay-reconcile: None"),
        ({"document": [1]}, r"relay-reconcile answered \[1\], and not a JSON object"),
    ],
)
def test_an_answer_that_is_none_is_an_error_in_words(
    answer: Mapping[str, object], message: str
) -> None:
    with pytest.raises(RelayctlError, match=message):
        deployment(FakeLambda(answer)).ask({})


@pytest.mark.parametrize("service", ["cloudformation", "s3", "sqs", "ssm", "sagemaker"])
def test_a_service_that_does_not_answer_keeps_a_person_for_half_a_minute(service: str) -> None:
    made = Deployment("relay", boto3.Session(region_name="us-east-1"))

    config = made.client(service).meta.config

    attempts = config.retries["total_max_attempts"]
    assert attempts * max(config.read_timeout, config.connect_timeout) <= 30


@pytest.mark.parametrize("named_by", ["option", "environment"])
def test_a_profile_that_is_not_there_is_the_fault(
    named_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named_by == "environment":
        monkeypatch.setenv("AWS_PROFILE", "nope")

    with pytest.raises(Misused, match=r"nope.*set --profile or AWS_PROFILE"):
        Deployment.of("relay", "nope" if named_by == "option" else None, "us-east-1")


def test_the_region_is_that_of_the_aws_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert Deployment.of("relay", None, None).region == "eu-west-1"
    assert Deployment.of("relay", None, "cn-north-1").region == "cn-north-1"
    monkeypatch.delenv("AWS_REGION")
    assert Deployment.of("relay", None, None).region == "us-east-1"

"""The limits of calls in time: what is tried, how often, and what is not begun."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from relay.aws.clients import LIMITS, Clients, NotBegun
from relay.aws.dynamodb.attempt_items import to_item
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.errors import classify
from relay.aws.sagemaker.endpoint import SageMakerEndpoint
from relay.budget import Budget
from relay.errors import NotTried, RelayError, TransientError, Unanswered
from relay.model import AttemptState, Closing, InferenceRequest
from relay.ports import Submission
from relay.routes.target import TargetKind
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.ports import FakeClock
from tests.support.sdk_answers import SdkAnswers

ID = "a" * 32
QUEUE = samples.SUBMIT_QUEUE
NO_ANSWER = ReadTimeoutError(endpoint_url="https://x")
NO_CONNECTION = ConnectTimeoutError(endpoint_url="https://x")
THROTTLED = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> Budget:
    budget = Budget(clock)
    begin(budget, clock)
    return budget


def begin(budget: Budget, clock: FakeClock) -> None:
    budget.begin(clock.now() + timedelta(seconds=42))


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch, budget: Budget) -> Clients:
    for name, value in (
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    # Between two tries botocore sleeps.
    monkeypatch.setattr("time.sleep", lambda _: None)
    return Clients(budget=budget)


def invoke(endpoint: SageMakerEndpoint, count: int = 1) -> list[object]:
    """The answers to so many requests."""
    submissions = [
        Submission(
            InferenceRequest(f"{number:032x}", S3Uri(samples.BUCKET, "inputs/a.csv")),
            samples.attempt(f"{number:032x}"),
        )
        for number in range(count)
    ]
    return list(endpoint.invoke(submissions).values())


@pytest.mark.parametrize("service", ["sagemaker-runtime", "sqs", "sns", "events"])
def test_what_a_repeat_could_do_twice_is_tried_once(clients: Clients, service: str) -> None:
    client: Any = getattr(clients, service.replace("-", "_"))

    assert LIMITS[service].tries == 1
    assert client.meta.config.retries["total_max_attempts"] == 1


def test_each_client_has_its_limits(clients: Clients) -> None:
    for service, limits in LIMITS.items():
        name = {"application-autoscaling": "autoscaling"}.get(service, service.replace("-", "_"))
        config = getattr(clients, name).meta.config
        assert config.connect_timeout == limits.connect
        assert config.read_timeout == limits.read
        assert config.retries == {"mode": "standard", "total_max_attempts": limits.tries}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(NO_ANSWER, Unanswered), ((500, {}), Unanswered), (THROTTLED, TransientError)],
)
def test_an_inference_is_asked_for_once_whatever_comes(
    clients: Clients, budget: Budget, answer: Any, kind: type[RelayError]
) -> None:
    """A second answer could make a first call that was taken look like a refusal."""
    answers = SdkAnswers(clients.sagemaker_runtime, answer, THROTTLED, THROTTLED)

    (error,) = invoke(SageMakerEndpoint(clients.sagemaker_runtime, "relay", budget))

    assert type(error) is kind
    assert answers.tries == ["InvokeEndpointAsync"]


def test_an_endpoint_that_did_not_answer_is_left_alone_in_the_same_invocation(
    clients: Clients, budget: Budget, clock: FakeClock
) -> None:
    answers = SdkAnswers(clients.sagemaker_runtime, NO_ANSWER, (202, {}))
    endpoint = SageMakerEndpoint(clients.sagemaker_runtime, "relay", budget)

    assert [type(answer) for answer in invoke(endpoint)] == [Unanswered]
    assert {type(answer) for answer in invoke(endpoint, 30)} == {NotTried}
    assert len(answers.tries) == 1

    begin(budget, clock)
    (accepted,) = invoke(endpoint)
    assert not isinstance(accepted, RelayError)


def test_a_connection_that_closes_leaves_the_others_alone(clients: Clients, budget: Budget) -> None:
    """SageMaker closes connections that were idle."""
    closed = ConnectionClosedError(endpoint_url="https://x")
    SdkAnswers(clients.sagemaker_runtime, closed, (202, {}))
    endpoint = SageMakerEndpoint(clients.sagemaker_runtime, "relay", budget)

    assert [type(answer) for answer in invoke(endpoint)] == [Unanswered]
    (accepted,) = invoke(endpoint)
    assert not isinstance(accepted, RelayError)


@pytest.mark.parametrize("failure", [NO_ANSWER, NO_CONNECTION])
def test_a_table_that_hangs_costs_one_call(clients: Clients, failure: Exception) -> None:
    answers = SdkAnswers(clients.dynamodb, failure, failure)
    ledger = DynamoDbLedger(clients.dynamodb, "ledger")

    failures = ledger.release([samples.attempt(f"{number:032x}") for number in range(100)])

    assert len(failures) == 100
    assert answers.tries == ["BatchExecuteStatement"] * 2
    error = ledger.look_up([ID])[ID]
    assert isinstance(error, NotTried)
    assert "dynamodb did not answer another call" in str(error)


def test_a_call_that_could_outlast_the_invocation_is_not_begun(
    clients: Clients, budget: Budget, clock: FakeClock
) -> None:
    answers = SdkAnswers(clients.dynamodb, (200, {"Responses": {"ledger": []}}))
    ledger = DynamoDbLedger(clients.dynamodb, "ledger")
    clock.advance(42 - LIMITS["dynamodb"].seconds + 1)
    error = ledger.look_up([ID])[ID]
    assert isinstance(error, NotTried)
    assert "it can take 7 s, and 6 s are left" in str(error)
    assert answers.tries == []

    begin(budget, clock)
    assert ledger.look_up([ID]) == {}


# A call to a target of each service to which routes send.
SENDING: dict[str, tuple[str, dict[str, Any]]] = {
    "sqs": ("send_message_batch", {"QueueUrl": QUEUE, "Entries": []}),
    "sns": ("publish_batch", {"TopicArn": samples.ERROR_TOPIC, "PublishBatchRequestEntries": []}),
    "events": ("put_events", {"Entries": [{"Source": "relay"}]}),
}


@pytest.mark.parametrize("service", sorted({kind.service for kind in TargetKind}))
def test_a_target_that_hangs_is_not_taken_for_its_service(clients: Clients, service: str) -> None:
    """One host serves all targets of a region; the outbox remembers which address hung."""
    client, (operation, arguments) = getattr(clients, service), SENDING[service]
    answers = SdkAnswers(client, NO_ANSWER, NO_ANSWER)

    for _ in range(2):
        with pytest.raises(ReadTimeoutError):
            getattr(client, operation)(**arguments)

    assert len(answers.tries) == 2


def test_another_region_has_the_same_budget(
    clients: Clients, budget: Budget, clock: FakeClock
) -> None:
    elsewhere = clients.in_region("eu-west-1")
    assert elsewhere.region == "eu-west-1"
    clock.advance(41)

    with pytest.raises(NotBegun):
        elsewhere.sqs.send_message_batch(QueueUrl=QUEUE, Entries=[])


def test_without_a_budget_calls_have_their_limits_alone(clients: Clients) -> None:
    unbounded = Clients().dynamodb
    answers = SdkAnswers(unbounded, NO_ANSWER, NO_ANSWER, (200, {"Responses": {}}))
    ledger = DynamoDbLedger(unbounded, "ledger")

    assert type(ledger.look_up([ID])[ID]) is Unanswered
    assert ledger.look_up([ID]) == {}
    assert len(answers.tries) == 3


def test_what_was_not_begun_has_no_effect() -> None:
    error = classify(NotBegun(reason="time is short"), "look up in ledger")

    assert type(error) is NotTried
    assert str(error) == "look up in ledger: not tried: time is short"


class TestTheSecondTryOfAWrite:
    """DynamoDB's writes are tried twice; the first may have been done without an answer."""

    DONE_BEFORE = (200, {"Responses": [{"Error": {"Code": "ConditionalCheckFailed"}}]})

    def test_finds_a_claim_that_the_first_wrote(self, clients: Clients) -> None:
        """As after a crash: the claimant takes its claim over, and never releases it."""
        claim = samples.attempt(ID)
        exists = (200, {"Responses": [{"Error": {"Code": "DuplicateItem"}}]})
        item = (200, {"Responses": {"ledger": [to_item(claim)]}})
        SdkAnswers(clients.dynamodb, NO_ANSWER, exists, item)

        claims = DynamoDbLedger(clients.dynamodb, "ledger").claim([claim])

        assert claims.existing[ID].claimed_by == claim.claimed_by
        assert claims.unavailable == {}

    def test_that_is_refused_says_nothing_about_the_first(self, clients: Clients) -> None:
        """The claim may be in the table; `relay.submit.claims` keeps it after every error."""
        SdkAnswers(clients.dynamodb, NO_ANSWER, THROTTLED)

        claims = DynamoDbLedger(clients.dynamodb, "ledger").claim([samples.attempt(ID)])

        assert isinstance(claims.unavailable[ID], TransientError)

    def test_finds_a_claim_that_the_first_released(self, clients: Clients) -> None:
        SdkAnswers(clients.dynamodb, NO_ANSWER, self.DONE_BEFORE)

        assert DynamoDbLedger(clients.dynamodb, "ledger").release([samples.attempt(ID)]) == {}

    def test_finds_an_attempt_that_the_first_closed(self, clients: Clients) -> None:
        SdkAnswers(clients.dynamodb, NO_ANSWER, self.DONE_BEFORE)
        ledger = DynamoDbLedger(clients.dynamodb, "ledger")
        closing = Closing(samples.attempt(ID), AttemptState.COMPLETED, samples.NOON)

        assert ledger.close([closing]) == {}

"""EventBridge: what goes into one call, and which event each answer is about."""

from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from relay.aws.messaging.buses import Buses
from relay.aws.messaging.outbox import AwsOutbox
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.model import OutgoingMessage

from tests.support.fakes.budgets import ample

SERVICE = "events"

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/orders"


@pytest.fixture
def outbox(client: Any, stubber: Stubber) -> AwsOutbox:
    return AwsOutbox(lambda _: Buses(client), ample())


def message(key: str, **members: Any) -> OutgoingMessage:
    own = {"key": key, "address": BUS, "body": "{}", "detail_type": "relay.inference.completed"}
    return OutgoingMessage(**{**own, **members})


def test_an_event_says_whose_it_is_and_what_it_is_about(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    stubber.add_response(
        "put_events",
        {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]},
        {
            "Entries": [
                {
                    "EventBusName": BUS,
                    "Source": "async-inference-relay",
                    "DetailType": "relay.inference.completed",
                    "Detail": '{"n":1}',
                    "Resources": ["arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"],
                }
            ]
        },
    )
    resources = ("arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay",)

    assert outbox.send([message("k", body='{"n":1}', resources=resources)]) == {}


def test_refused_entries_are_returned_by_key(outbox: AwsOutbox, stubber: Stubber) -> None:
    """PutEvents answers in the order of the entries; one that it leaves out is not confirmed."""
    entries = [
        {"EventId": "e"},
        {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"},
        {"ErrorCode": "MalformedDetail", "ErrorMessage": "no"},
        {"ErrorCode": "InternalFailure"},
    ]
    stubber.add_response(
        "put_events", {"FailedEntryCount": 3, "Entries": entries}, {"Entries": [ANY] * 5}
    )

    failures = outbox.send([message(key) for key in "abcde"])

    assert {key: type(error) for key, error in failures.items()} == {
        "b": TransientError,
        "c": PermanentError,
        "d": TransientError,
        "e": TransientError,
    }
    assert str(failures["b"]) == f"send to {BUS}: ThrottlingException: slow down"
    assert str(failures["e"]) == f"send to {BUS}: not confirmed"


def test_a_bus_that_may_not_be_used_fails_all_its_events(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    stubber.add_client_error("put_events", "AccessDeniedException", http_status_code=400)

    failures = outbox.send([message("a"), message("b")])

    assert {type(error) for error in failures.values()} == {AccessDenied}
    assert set(failures) == {"a", "b"}


def test_a_call_stays_below_256_kibibytes(outbox: AwsOutbox, stubber: Stubber) -> None:
    for count in (2, 1):
        stubber.add_response(
            "put_events",
            {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}] * count},
            {"Entries": [ANY] * count},
        )

    large = [message(key, body=f'{{"x":"{"x" * 120_000}"}}') for key in "abc"]

    assert outbox.send(large) == {}

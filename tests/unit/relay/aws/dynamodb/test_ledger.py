"""The table: what DynamoDB answers for a batch and for each statement of it.

What the statements do is the contract's business (`tests/contract`); here are the answers that a
table gives only on bad days.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from relay.aws.dynamodb.attempt_items import to_item
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.errors import (
    AccessDenied,
    PermanentError,
    RelayError,
    TransientError,
    UnexpectedError,
)
from relay.model import AttemptState, Closing, Held, Holding, Outcome

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.samples import NOON

SERVICE = "dynamodb"

ID, OTHER = "a" * 32, "b" * 32
TABLE = "relay-LedgerTable"
READ = ("ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames")


@pytest.fixture
def ledger(client: Any, stubber: Stubber) -> DynamoDbLedger:
    return DynamoDbLedger(client, TABLE)


def statements(stubber: Stubber, *codes: str | None) -> None:
    """One call; a statement with a code fails with it."""
    responses: list[dict[str, object]] = [
        {} if code is None else {"Error": {"Code": code, "Message": "no"}} for code in codes
    ]
    expected = {"Statements": [ANY] * len(codes)}
    stubber.add_response("batch_execute_statement", {"Responses": responses}, expected)


def found(stubber: Stubber, *items: object, unprocessed: bool = False) -> None:
    answer: dict[str, object] = {"Responses": {TABLE: list(items)}}
    if unprocessed:
        answer["UnprocessedKeys"] = {TABLE: {"Keys": [{"id": {"S": ID}}]}}
    stubber.add_response("batch_get_item", answer, {"RequestItems": ANY})


def attempts(count: int) -> list[Any]:
    return [samples.attempt(f"{number:032x}") for number in range(count)]


def test_a_claim_that_was_released_before_it_could_be_read_belongs_to_another_message(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    """The insert failed, so the table has no claim of this message; the holder may claim again."""
    statements(stubber, "DuplicateItem")
    found(stubber)

    claims = ledger.claim([samples.attempt(ID)])

    assert claims.existing == {}
    assert type(claims.unavailable[ID]) is TransientError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingError", TransientError),
        ("ProvisionedThroughputExceeded", TransientError),
        ("RequestLimitExceeded", TransientError),
        ("InternalServerError", TransientError),
        ("TransactionConflict", TransientError),
        ("AccessDenied", AccessDenied),
        ("ValidationError", PermanentError),
    ],
)
def test_a_statement_that_fails_fails_its_attempt_alone(
    ledger: DynamoDbLedger, stubber: Stubber, code: str, kind: type[Exception]
) -> None:
    statements(stubber, None, code)

    claims = ledger.claim([samples.attempt(ID), samples.attempt(OTHER)])

    assert {key: type(error) for key, error in claims.unavailable.items()} == {OTHER: kind}


def test_twenty_five_claims_go_in_one_call_and_twenty_six_in_two(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    statements(stubber, *[None] * 25)
    statements(stubber, None)

    assert ledger.claim(attempts(26)).unavailable == {}


def test_a_call_that_fails_fails_its_attempts_and_no_others(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    stubber.add_client_error("batch_execute_statement", "ThrottlingException")
    statements(stubber, None)
    given = attempts(26)

    failures = ledger.release(given)

    assert list(failures) == [attempt.id for attempt in given[:25]]


def test_a_call_that_is_refused_for_good_is_made_again_for_each_statement(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    """DynamoDB validates all statements of a call before it executes one."""
    first, bad, last = attempts(3)
    stubber.add_client_error("batch_execute_statement", "ValidationException")
    statements(stubber, None)
    stubber.add_client_error("batch_execute_statement", "ValidationException")
    statements(stubber, "DuplicateItem")
    found(stubber, to_item(last))

    claims = ledger.claim([first, bad, last])

    assert claims.existing == {last.id: last}
    kinds = {key: type(error) for key, error in claims.unavailable.items()}
    assert kinds == {bad.id: PermanentError}
    stubber.assert_no_pending_responses()


def test_a_hundred_attempts_are_read_in_one_call_and_one_more_in_two(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    found(stubber)
    found(stubber)

    assert ledger.look_up([attempt.id for attempt in attempts(101)]) == {}


def test_nothing_to_look_up_is_no_call(ledger: DynamoDbLedger) -> None:
    assert ledger.look_up([]) == {}
    assert ledger.claim([]).existing == {}


def test_keys_that_dynamodb_left_unread_are_not_taken_for_absent(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    other = samples.attempt(OTHER)
    found(stubber, to_item(other), unprocessed=True)
    for _ in range(2):
        found(stubber, unprocessed=True)

    attempts = ledger.look_up([ID, OTHER])

    assert attempts[OTHER] == other
    assert type(attempts[ID]) is TransientError
    assert "left keys unprocessed" in str(attempts[ID])


def test_a_read_that_fails_fails_the_keys_that_are_left(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    other = samples.attempt(OTHER)
    found(stubber, to_item(other), unprocessed=True)
    stubber.add_client_error("batch_get_item", "ThrottlingException")

    attempts = ledger.look_up([ID, OTHER])

    assert attempts[OTHER] == other
    assert type(attempts[ID]) is TransientError
    stubber.assert_no_pending_responses()


def test_a_read_that_fails_fails_no_other_hundred(ledger: DynamoDbLedger, stubber: Stubber) -> None:
    given = attempts(101)
    stubber.add_client_error("batch_get_item", "AccessDeniedException")
    found(stubber, to_item(given[100]))

    known = ledger.look_up([attempt.id for attempt in given])

    assert known[given[100].id] == given[100]
    denied = {key for key, item in known.items() if isinstance(item, AccessDenied)}
    assert denied == {attempt.id for attempt in given[:100]}


def test_keys_that_dynamodb_left_unread_are_read_again(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    first, other = samples.attempt(ID), samples.attempt(OTHER)
    found(stubber, to_item(other), unprocessed=True)
    keys = {TABLE: {"Keys": [{"id": {"S": ID}}], **dict.fromkeys(READ, ANY)}}
    answer = {"Responses": {TABLE: [to_item(first)]}}
    stubber.add_response("batch_get_item", answer, {"RequestItems": keys})

    assert ledger.look_up([ID, OTHER]) == {ID: first, OTHER: other}


def test_a_claim_that_dynamodb_left_unread_fails_alone(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    other = samples.attempt(OTHER)
    statements(stubber, "DuplicateItem", "DuplicateItem")
    found(stubber, to_item(other), unprocessed=True)
    for _ in range(2):
        found(stubber, unprocessed=True)

    claims = ledger.claim([samples.attempt(ID), other])

    assert claims.existing == {OTHER: other}
    assert {key: type(error) for key, error in claims.unavailable.items()} == {ID: TransientError}


@pytest.mark.parametrize("key", ["reconcile#cursor", "provision#relay"])
def test_a_key_of_another_item_is_not_looked_up_beside_attempts(
    ledger: DynamoDbLedger, stubber: Stubber, key: str
) -> None:
    """The role may not read it, and DynamoDB would deny the call as a whole."""
    attempt = samples.attempt(ID)
    answer = {"Responses": {TABLE: [to_item(attempt)]}}
    keys = {TABLE: {**dict.fromkeys(READ, ANY), "Keys": [{"id": {"S": ID}}]}}
    stubber.add_response("batch_get_item", answer, {"RequestItems": keys})

    assert ledger.look_up([key, ID]) == {ID: attempt}


@pytest.mark.parametrize("missing", ["request", "claim", "state"])
def test_an_attempt_that_lacks_an_attribute_is_not_taken_for_absent(
    ledger: DynamoDbLedger, stubber: Stubber, missing: str
) -> None:
    item = to_item(samples.attempt(ID))
    del item[missing]
    found(stubber, item)

    assert isinstance(ledger.look_up([ID])[ID], UnexpectedError)


def test_an_item_that_cannot_be_read_is_an_error_beside_the_others(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    other = samples.attempt(OTHER)
    found(stubber, unreadable_item(ID), to_item(other))

    attempts = ledger.look_up([ID, OTHER])

    assert isinstance(attempts[ID], UnexpectedError)
    assert attempts[OTHER] == other


def test_a_claim_that_cannot_be_read_is_unavailable(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    statements(stubber, "DuplicateItem", None)
    found(stubber, unreadable_item(ID))

    claims = ledger.claim([samples.attempt(ID), samples.attempt(OTHER)])

    assert claims.existing == {}
    assert {key: type(error) for key, error in claims.unavailable.items()} == {ID: UnexpectedError}


@pytest.mark.parametrize("write", ["claim", "close", "hold", "renew", "release"])
def test_an_attempt_that_cannot_be_written_fails_alone(
    ledger: DynamoDbLedger, stubber: Stubber, write: str
) -> None:
    statements(stubber, None)
    bad = samples.attempt(ID, claimed_by="\ud800")
    both = [bad, samples.attempt(OTHER)]

    failures: Mapping[str, RelayError]
    match write:
        case "claim":
            failures = ledger.claim(both).unavailable
        case "close":
            state = AttemptState.COMPLETED
            failures = ledger.close([Closing(each, state, NOON, known=False) for each in both])
        case "hold":
            held = Held(Outcome.FAILED)
            failures = ledger.hold([Holding(each, held, known=False) for each in both])
        case _:
            failures = getattr(ledger, write)(both)

    assert {key: type(error) for key, error in failures.items()} == {ID: UnexpectedError}


def test_looking_up_reads_what_was_just_written(ledger: DynamoDbLedger, stubber: Stubber) -> None:
    stubber.add_response(
        "batch_get_item",
        {"Responses": {TABLE: []}},
        {
            "RequestItems": {
                TABLE: {
                    "Keys": [{"id": {"S": ID}}],
                    "ConsistentRead": True,
                    "ProjectionExpression": ANY,
                    "ExpressionAttributeNames": ANY,
                }
            }
        },
    )

    ledger.look_up([ID, ID])


@pytest.mark.parametrize(
    ("tracked", "code"), [(True, "ConditionalCheckFailed"), (False, "DuplicateItem")]
)
def test_what_another_delivery_closed_is_closed(
    ledger: DynamoDbLedger, stubber: Stubber, tracked: bool, code: str
) -> None:
    statements(stubber, code)
    closing = Closing(samples.attempt(ID), AttemptState.COMPLETED, NOON, tracked)

    assert ledger.close([closing]) == {}


@pytest.mark.parametrize(
    ("known", "code"), [(True, "ConditionalCheckFailed"), (False, "DuplicateItem")]
)
def test_what_another_delivery_closed_or_held_needs_no_hold(
    ledger: DynamoDbLedger, stubber: Stubber, known: bool, code: str
) -> None:
    statements(stubber, code)

    assert ledger.hold([Holding(samples.attempt(ID), Held(Outcome.FAILED), known)]) == {}


def test_an_item_is_kept_for_thirty_days_after_it_is_over(
    ledger: DynamoDbLedger, stubber: Stubber
) -> None:
    """Also when SageMaker says that it received an untracked request in the year 9999."""
    stubber.add_response("batch_execute_statement", {"Responses": [{}]}, {"Statements": ANY})
    sent: list[Any] = []
    client: Any = stubber.client
    client.meta.events.register(
        "provide-client-params.dynamodb.BatchExecuteStatement",
        lambda params, **_: sent.append(params),
    )
    attempt = samples.attempt(ID, submitted_at=NOON.replace(year=9999, month=12), due_at=NOON)

    ledger.close([Closing(attempt, AttemptState.COMPLETED, NOON, known=False)])

    expires = int((NOON + timedelta(days=30)).timestamp())
    assert {"N": str(expires)} in sent[0]["Statements"][0]["Parameters"]

"""`relayctl status`."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from relay.ids import attempt_id, request_id_of_resubmission
from relay.model import AttemptState, Held, Holding, Outcome

from relayctl.deployment import Deployment
from tests.support.relayctl.commands import Commands, FakeDeployment, words
from tests.support.samples import BUCKET, NOON

REASON = "ClientError: Received client error (400) from model: row 1 has 3 values"


def test_a_failure_has_its_timeline_and_the_next_step(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, AttemptState.FAILED, REASON)

    ended = relayctl("status", attempt.request_id)

    assert ended.exit == 1
    text = " ".join(ended.out.split())
    assert "2026-11-20 11:59:57 uploaded" in text
    assert f"2026-11-20 12:00:00 attempt 1 claimed for endpoint {attempt.endpoint}" in text
    assert f"2026-11-20 12:01:00 notified: failed: {REASON}" in text
    assert "2026-11-20 12:01:00 result delivered by route otherwise" in text
    assert "class permanent (client error 400 of the model): the same input fails again" in text
    assert "next correct what the reason names" in text
    assert f"command relayctl resubmit {attempt.request_id}" in text
    assert f"input s3://{BUCKET}/inputs/7.csv" in text


def test_every_attempt_has_its_place_in_the_timeline(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    first = deployment.submitted(7)
    reason = "InternalServerError: Received server error (500) from model"
    deployment.closed(first, AttemptState.RETRIED, reason)
    second = replace(
        first,
        id=attempt_id(first.request_id, 2),
        number=2,
        submitted_at=NOON + timedelta(minutes=2),
    )
    deployment.search.ledger.claim([second])

    text = " ".join(relayctl("status", first.request_id).out.split())

    assert f"12:01:00 notified: failed: {reason}; tried again" in text
    assert "12:02:00 attempt 2 claimed" in text
    assert "due, at the latest state submitted" in text
    assert "command relayctl endpoint" in text


def test_a_held_result_names_the_routes_that_are_missing(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    attempt = deployment.submitted(7)
    held = Held(Outcome.COMPLETED, ("archive",), ("team",))
    deployment.search.ledger.hold([Holding(attempt, held)])

    ended = relayctl("status", attempt.request_id)

    assert ended.exit == 1
    assert "notified: completed; delivered by archive, not by team" in ended.out
    assert "command   relayctl parked" in ended.out


def test_a_request_and_its_resubmission_name_each_other(
    deployment: FakeDeployment, relayctl: Commands
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, AttemptState.FAILED, REASON)
    again = request_id_of_resubmission(attempt.request_id)
    new = replace(attempt, id=again, request_id=again, resubmission_of=attempt.request_id)
    deployment.search.ledger.claim([new])
    deployment.closed(new, AttemptState.COMPLETED)

    old = " ".join(relayctl("status", attempt.request_id).out.split())

    assert f"resubmitted as {again}: completed" in old
    assert f"command relayctl status {again}" in old
    assert f"resubmission of {attempt.request_id}" in relayctl("status", again).out


@pytest.mark.parametrize(
    ("state", "reason", "named", "command"),
    [
        (AttemptState.EXPIRED, "no notification", "transient (no notification", "resubmit"),
        (AttemptState.REJECTED, "too large", "permanent (SageMaker can never", "submit …"),
        (AttemptState.FAILED, "Received client error (429)", "transient (client", "resubmit"),
        (AttemptState.FAILED, "could not get a response", "transient (no answer", "resubmit"),
        (
            AttemptState.FAILED,
            "Unable to download the input",
            "permanent (SageMaker could",
            "resub",
        ),
        (AttemptState.FAILED, "a new reason", "permanent: the same input", "resubmit"),
    ],
)
def test_a_failure_has_the_class_that_its_result_has(
    deployment: FakeDeployment,
    relayctl: Commands,
    state: AttemptState,
    reason: str,
    named: str,
    command: str,
) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, state, reason)

    text = relayctl("status", "inputs/7.csv").out
    document = relayctl("status", "inputs/7.csv", "--json").document

    assert f"class     {named}" in text
    assert f"command   relayctl {command}" in text
    assert named.startswith(document["requests"][0]["classification"])
    assert document["next_command"].startswith(f"relayctl {command}")


def test_a_request_is_found_by_its_key(deployment: FakeDeployment, relayctl: Commands) -> None:
    attempt = deployment.submitted(7)
    deployment.closed(attempt, AttemptState.COMPLETED)

    ended = relayctl("status", "inputs/7.csv", "--json")

    assert ended.exit == 0
    assert ended.document["requests"][0]["request_id"] == attempt.request_id


def test_a_request_is_found_by_its_s3_uri(deployment: FakeDeployment, relayctl: Commands) -> None:
    deployment.submitted(7)

    ended = relayctl("status", f"s3://{BUCKET}/inputs/7.csv", "--json")

    assert ended.document["state"] == "submitted"


def test_what_nobody_uploaded_needs_a_person(relayctl: Commands) -> None:
    ended = relayctl("status", "inputs/absent.csv")

    assert ended.exit == 1
    assert "object does not exist" in ended.out


def test_a_text_that_is_empty_is_no_request(relayctl: Commands) -> None:
    ended = relayctl("status", "")

    assert ended.exit == 2
    assert "an empty text names no request" in ended.err


def test_a_location_that_is_none_is_refused_in_words(relayctl: Commands) -> None:
    ended = relayctl("status", "s3://")

    assert ended.exit == 3
    assert "not an S3 location" in ended.err


def test_a_stack_that_is_not_of_the_relay_is_named() -> None:
    other = Deployment("other", boto3.Session(region_name="us-east-1"))
    other.__dict__["description"] = {"StackStatus": "CREATE_COMPLETE", "Outputs": []}

    ended = Commands(other)("count")

    assert ended.exit == 3
    assert "stack other (CREATE_COMPLETE) has no output ReconcileFunctionName" in ended.err


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("0" * 32, "name an upload by its key or its S3 URI"),
        ("0123456789abcdef0123456789abcd", "32 digits, 0-9 and a-f; this one has 30"),
        ("elsewhere/a.csv", "check the key or the id, or upload there with relayctl submit"),
        (
            "inputs/gone 1.csv",
            f"relayctl list --since 30d --prefix 's3://{BUCKET}/inputs/gone 1.csv'",
        ),
        ("inputs/7.csv", "check with relayctl endpoint whether the endpoint has an instance"),
        (f"s3://{BUCKET}/inputs/old.csv", "submit older objects with relayctl backfill start"),
    ],
)
def test_the_next_step_is_in_words_of_the_command(
    deployment: FakeDeployment, relayctl: Commands, request_: str, said: str
) -> None:
    deployment.submitted(7)
    old = f"s3://{BUCKET}/inputs/old.csv"
    deployment.search.storage.locations.add(old)
    deployment.search.storage.modified[old] = NOON - timedelta(hours=2)

    text = words(relayctl("status", request_).out)

    assert said in text
    for member in ("input_location", '"action"', "with since", "upload the object there"):
        assert member not in text


def test_a_mistyped_id_is_no_key(relayctl: Commands) -> None:
    ended = relayctl("status", "0123456789abcdef0123456789abcd", "--json")

    assert (ended.exit, ended.document["state"]) == (1, "unknown")

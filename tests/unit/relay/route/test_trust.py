"""What route believes. Each thing that is forged or foreign has its own words."""

from typing import Any

import pytest
from relay.model import Notification, Outcome
from relay.route.trust import distrust, mistaken_output
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, FAILURES, OUTPUTS

ID = "a" * 32


def notification(outcome: Outcome = Outcome.COMPLETED, **members: Any) -> Notification:
    defaults = {
        "topic_arn": samples.SUCCESS_TOPIC,
        "output_location": f"{OUTPUTS}{ID}" if outcome is Outcome.COMPLETED else None,
    }
    return Notification(ID, outcome, **{"endpoint": "relay", **defaults, **members})


@pytest.mark.parametrize(
    "ours",
    [
        notification(),
        notification(topic_arn=samples.ERROR_TOPIC),
        notification(topic_arn=None),
        notification(endpoint="Relay"),
        notification(location=S3Uri(BUCKET, "inputs/a.csv")),
        notification(
            output_location=f"https://{BUCKET}.s3.us-east-1.amazonaws.com/outputs/{ID}.out"
        ),
        notification(output_location=None),
        notification(Outcome.FAILED),
        notification(Outcome.FAILED, failure_location=f"{FAILURES}deep/x-error.out"),
        notification(Outcome.REJECTED, topic_arn=None, from_relay=True),
        notification(topic_arn=None, from_relay=True),
    ],
)
def test_what_is_about_an_attempt_of_ours_is_believed(ours: Notification) -> None:
    attempt = samples.attempt(ID)

    assert distrust(ours, attempt, samples.route_settings()) is None
    assert mistaken_output(ours, attempt) is None


def test_an_untracked_inference_is_believed_too() -> None:
    untracked = notification(location=S3Uri("elsewhere", "a.csv"))

    assert distrust(untracked, None, samples.route_settings()) is None


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (
            notification(topic_arn="arn:aws:sns:us-east-1:000000000000:other"),
            "topic arn:aws:sns:us-east-1:000000000000:other is not one of the relay's topics",
        ),
        (notification(endpoint="other"), "endpoint is other, not relay"),
        (
            notification(from_relay=True),
            "eventSource is the relay's own, but the notification came through topic "
            f"{samples.SUCCESS_TOPIC}",
        ),
        (
            notification(output_location="s3://elsewhere/outputs/x"),
            f"output location s3://elsewhere/outputs/x is not under {OUTPUTS}",
        ),
        (
            notification(output_location=f"s3://{BUCKET}/outputs/../inputs/x"),
            f"output location s3://{BUCKET}/outputs/../inputs/x is not under {OUTPUTS}",
        ),
        (
            notification(output_location=f"https://{BUCKET}.s3.example.com/outputs/x"),
            f"output location is not an S3 location: 'https://{BUCKET}.s3.example.com/outputs/x'",
        ),
        (
            notification(output_location="nowhere"),
            "output location is not an S3 location: 'nowhere'",
        ),
        (
            notification(Outcome.FAILED, failure_location=f"{OUTPUTS}x"),
            f"failure location {OUTPUTS}x is not under {FAILURES}",
        ),
        (
            notification(location=S3Uri(BUCKET, "inputs/b.csv")),
            f"input location s3://{BUCKET}/inputs/b.csv is not the attempt's, "
            f"s3://{BUCKET}/inputs/a.csv",
        ),
        (
            notification(output_location=f"{OUTPUTS}{'x' * 1_018}"),
            "output location is not an S3 location: its key has 1,026 bytes; S3 accepts at most "
            "1,024",
        ),
        (
            notification(Outcome.FAILED, failure_location=f"{FAILURES}{'ü' * 508}"),
            "failure location is not an S3 location: its key has 1,025 bytes; S3 accepts at most "
            "1,024",
        ),
    ],
)
def test_a_foreign_notification_has_its_reason(foreign: Notification, reason: str) -> None:
    assert distrust(foreign, samples.attempt(ID), samples.route_settings()) == reason


def test_the_relays_own_report_must_be_about_an_attempt_of_the_ledger() -> None:
    own = notification(Outcome.REJECTED, topic_arn=None, from_relay=True)

    reason = distrust(own, None, samples.route_settings())

    assert reason == f"attempt {ID} is not in the ledger"


def test_a_success_needs_a_known_output() -> None:
    nowhere = notification(output_location=None)

    reason = distrust(nowhere, None, samples.route_settings())

    assert reason == "output location is missing from the notification and from the ledger"


def test_an_inline_input_is_compared_with_nothing() -> None:
    inline = samples.attempt(ID, location=None)

    named = notification(location=S3Uri(BUCKET, "inputs/whatever"))

    assert distrust(named, inline, samples.route_settings()) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"{OUTPUTS}other-result.out",
        f"{OUTPUTS}{'b' * 32}.out",
        f"{OUTPUTS}orders/{ID}.out",
        f"{OUTPUTS}{ID}/other.out",
        f"{OUTPUTS}{ID[:-1]}.out",
        f"https://{BUCKET}.s3.us-east-1.amazonaws.com/outputs/other.out",
    ],
)
def test_an_output_in_another_folder_or_of_another_name_is_not_the_attempts(elsewhere: str) -> None:
    mistake = mistaken_output(notification(output_location=elsewhere), samples.attempt(ID))

    assert mistake == (
        f"output location {S3Uri.parse(elsewhere)} is not the attempt's, {OUTPUTS}{ID}"
    )


@pytest.mark.parametrize(
    ("known", "output"),
    [
        (f"{OUTPUTS}{ID}", f"{OUTPUTS}{ID}.out"),
        (f"{OUTPUTS}{ID}.out", f"{OUTPUTS}{ID}"),
        (f"{OUTPUTS}orders/{ID}", f"{OUTPUTS}orders/{ID}.out"),
        # Where SageMaker chooses the name, submit writes it into the ledger.
        (f"{OUTPUTS}0c6e5d2a.out", f"{OUTPUTS}0c6e5d2a.out"),
        (
            f"https://{BUCKET}.s3.us-east-1.amazonaws.com/outputs/x.out",
            f"s3://{BUCKET}/outputs/x.out",
        ),
    ],
)
def test_an_output_where_the_ledger_says_or_named_after_the_attempt_is_its_own(
    known: str, output: str
) -> None:
    attempt = samples.attempt(ID, output_location=known)

    assert mistaken_output(notification(output_location=output), attempt) is None

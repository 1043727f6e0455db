"""What is claimed for a request."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.ids import attempt_id
from relay.model import AttemptState, Delivery, Incoming, InferenceRequest, Job
from relay.s3uri import S3Uri
from relay.submit.jobs import jobs
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.samples import BUCKET, INPUT_FOLDERS, NOON, OUTPUTS

ID = "b" * 32


def job(by: Delivery | None = None, **members: Any) -> Job:
    defaults = {"location": S3Uri(BUCKET, "inputs/orders/a.csv")}
    request = InferenceRequest(ID, **{**defaults, **members})
    incoming = Incoming(by or samples.delivery("m-7"), (request,))
    settings = samples.submit_settings(DEFAULT_ACCEPT="text/plain")
    (made,) = jobs([incoming], settings, NOON, locations())
    assert isinstance(made, Job)
    return made


def locations(*, mirror: bool = False) -> OutputLocations:
    return OutputLocations(OUTPUTS, INPUT_FOLDERS, mirror=mirror)


def test_an_attempt_is_open_and_belongs_to_the_message_that_brought_it() -> None:
    attempt = job().attempt

    assert attempt.state is AttemptState.OPEN
    assert attempt.claimed_by == "m-7"
    assert (attempt.id, attempt.request_id, attempt.number) == (ID, ID, 1)
    assert (attempt.endpoint, attempt.submitted_at) == ("relay", NOON)


def test_a_further_attempt_has_its_own_id_and_the_same_request() -> None:
    attempt = job(attempt=3).attempt

    assert (attempt.id, attempt.request_id, attempt.number) == (attempt_id(ID, 3), ID, 3)


def test_what_a_request_leaves_open_the_deployment_decides() -> None:
    made = job()

    assert (made.request.content_type, made.request.accept) == ("text/csv", "text/plain")
    assert (made.attempt.content_type, made.attempt.accept) == ("text/csv", "text/plain")
    assert (made.attempt.ttl_seconds, made.attempt.timeout_seconds) == (21_600, 900)


def test_what_a_request_states_counts() -> None:
    made = job(content_type="text/plain", accept="*/*", ttl_seconds=60, timeout_seconds=1)

    assert (made.request.content_type, made.attempt.accept) == ("text/plain", "*/*")
    assert (made.attempt.ttl_seconds, made.attempt.timeout_seconds) == (60, 1)


def test_the_prefix_of_an_input_decides_before_the_deployment_and_after_the_request() -> None:
    document = json.dumps(
        {
            "inputs/orders/": {
                "content_type": "text/x",
                "ttl_seconds": 90,
                "custom_attributes": "a=1",
            }
        }
    )
    settings = samples.submit_settings(INPUT_DEFAULTS=document)
    location = S3Uri(BUCKET, "inputs/orders/a.csv")

    def made(**members: Any) -> Job:
        request = InferenceRequest(ID, location, **members)
        (found,) = jobs([Incoming(samples.delivery(), (request,))], settings, NOON, locations())
        assert isinstance(found, Job)
        return found

    upload, call = made().attempt, made(custom_attributes="b=2", ttl_seconds=60).attempt
    assert (upload.content_type, upload.custom_attributes) == ("text/x", "a=1")
    assert (upload.ttl_seconds, upload.timeout_seconds) == (90, 900)
    assert (call.content_type, call.custom_attributes, call.ttl_seconds) == ("text/x", "b=2", 60)
    assert made().request.custom_attributes == "a=1"


def test_a_request_came_about_when_it_says_or_when_its_message_was_sent_or_now() -> None:
    second = timedelta(seconds=1)
    sent = replace(samples.delivery("m-7"), sent_at=NOON - second)

    assert job(requested_at=NOON - 2 * second, by=sent).attempt.requested_at == NOON - 2 * second
    assert job(by=sent).attempt.requested_at == NOON - second
    assert job().attempt.requested_at == job().request.requested_at == NOON


def test_an_attempt_is_overdue_after_its_ttl_its_timeout_and_the_slack() -> None:
    attempt = job(ttl_seconds=3600, timeout_seconds=60).attempt

    assert attempt.due_at == NOON + timedelta(seconds=3600 + 60 + 600)


def test_the_output_is_predicted_by_its_name_whatever_the_folder_of_the_input() -> None:
    made = job(location=S3Uri(BUCKET, "inputs/orders/a.csv"))

    assert made.extension == ""
    assert made.attempt.output_location == f"{OUTPUTS}{ID}"


def test_a_folder_that_is_mirrored_is_asked_for_as_it_is_predicted() -> None:
    request = InferenceRequest(ID, S3Uri(BUCKET, "inputs/orders/a.csv"))
    incoming = Incoming(samples.delivery("m-7"), (request,))

    (made,) = jobs([incoming], samples.submit_settings(), NOON, locations(mirror=True))
    assert isinstance(made, Job)

    assert made.extension == "/orders"
    assert made.attempt.output_location == f"{OUTPUTS}orders/{ID}"


@pytest.mark.parametrize("seconds", [-(2**53), -1, 2**53])
def test_times_beyond_all_bounds_are_claimed_so_that_they_can_be_rejected(seconds: int) -> None:
    made = job(ttl_seconds=seconds, timeout_seconds=seconds)

    assert NOON < made.attempt.due_at < NOON + timedelta(days=3)
    assert made.request.ttl_seconds == seconds


def test_what_no_item_of_the_ledger_can_hold_is_left_to_the_request() -> None:
    long = "x" * 500_000

    made = job(
        version_id=long,
        etag=long,
        content_type=long,
        accept=long,
        custom_attributes=long,
    )

    assert len(repr(made.attempt)) + len(made.attempt.custom_attributes or "") < 5_000
    assert made.request.content_type == long


def test_the_longest_key_of_s3_fits() -> None:
    location = S3Uri(BUCKET, "inputs/".ljust(1024, "k"))

    assert job(location=location).attempt.location == location


def test_every_request_of_every_message_is_a_job() -> None:
    requests = tuple(InferenceRequest(str(number), body=b"1") for number in range(3))
    incoming: list[Incoming[InferenceRequest]] = [
        Incoming(samples.delivery("m-1"), requests[:2]),
        Incoming(samples.delivery("m-2"), problem="not JSON"),
        Incoming(samples.delivery("m-3"), requests[2:]),
    ]

    made = list(jobs(incoming, samples.submit_settings(), NOON, locations()))

    assert [
        (each.request.id, each.delivery.message_id) for each in made if isinstance(each, Job)
    ] == [
        ("0", "m-1"),
        ("1", "m-1"),
        ("2", "m-3"),
    ]

"""What is written into the ledger is read back as it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.aws.dynamodb.attempt_items import read_item, to_attempt, to_item
from relay.errors import UnexpectedError
from relay.model import Attempt, Held, Incoming, InferenceRequest, Job, Outcome
from relay.s3uri import S3Uri
from relay.submit.jobs import jobs
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.samples import INPUTS, NOON, OUTPUTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=2_100)
BUCKETS = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]", fullmatch=True)
# At most 1,024 bytes of UTF-8.
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
NUMBERS = st.integers(-(2**53), 2**53)
TIMES = st.datetimes(timezones=st.just(NOON.tzinfo))
REQUESTS = st.builds(
    InferenceRequest,
    id=st.from_regex("[0-9a-f]{32}", fullmatch=True),
    location=st.none() | st.builds(S3Uri, BUCKETS, KEYS),
    version_id=st.none() | TEXTS,
    content_type=st.none() | TEXTS,
    accept=st.none() | TEXTS,
    custom_attributes=st.none() | TEXTS,
    ttl_seconds=st.none() | NUMBERS,
    timeout_seconds=st.none() | NUMBERS,
    requested_at=st.none() | TIMES,
    attempt=st.integers(1, 2**53),
)


def read_back(attempt: Attempt) -> Attempt:
    return to_attempt(cast("Mapping[str, AttributeValueTypeDef]", to_item(attempt)))


@given(request=REQUESTS, mirror=st.booleans())
def test_the_attempt_of_any_request_is_read_back(request: InferenceRequest, mirror: bool) -> None:
    locations = OutputLocations(OUTPUTS, INPUTS, mirror=mirror)
    incoming = Incoming(samples.delivery(), (request,))

    (job,) = jobs([incoming], samples.submit_settings(), NOON, locations)

    assert isinstance(job, Job)
    assert read_back(job.attempt) == job.attempt


@given(
    outcome=st.sampled_from(Outcome),
    delivered=st.lists(TEXTS, max_size=3).map(tuple),
    missing=st.lists(TEXTS, max_size=3).map(tuple),
    routed_at=st.none() | TIMES,
)
def test_what_has_arrived_is_read_back(
    outcome: Outcome,
    delivered: tuple[str, ...],
    missing: tuple[str, ...],
    routed_at: datetime | None,
) -> None:
    held = Held(outcome, delivered, missing)
    attempt = samples.attempt(held=held, routed_at=routed_at, state=outcome.state)

    assert read_back(attempt) == attempt


@pytest.mark.parametrize(
    "attempt",
    [
        samples.attempt(custom_attributes="\ud800"),
        samples.attempt(ttl_seconds=(1, 2)),
    ],
)
def test_what_would_not_be_read_back_or_not_be_sent_is_not_written(attempt: Attempt) -> None:
    with pytest.raises(ValueError, match=r"not .*"):
        to_item(attempt)


def test_an_item_that_cannot_be_read_is_an_error_with_its_id_and_without_its_content() -> None:
    item = read_item(unreadable_item("f" * 32, request={"S": '{"secret'}))

    assert isinstance(item, UnexpectedError)
    assert str(item).startswith(f"item {'f' * 32} of the ledger cannot be read: JSONDecodeError at")
    assert "secret" not in str(item)

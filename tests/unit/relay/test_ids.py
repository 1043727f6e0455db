"""Ids are the same wherever they are computed, and differ where the things differ."""

import hashlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from relay.ids import (
    attempt_id,
    request_id_of_call,
    request_id_of_caller,
    request_id_of_inference,
    request_id_of_upload,
)

TEXTS = st.text(max_size=30)
UPLOADS = st.tuples(TEXTS, TEXTS, TEXTS, TEXTS)
HEX = set("0123456789abcdef")


def is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= HEX


def test_an_upload_is_known_by_all_that_identifies_it() -> None:
    # Written out, so that a change of the rule, which would double every request that is under way
    # during a deployment, does not go unnoticed.
    parts = b"upload\0bucket\0inputs/a.csv\0v1\00000A1"

    expected = hashlib.sha256(parts).hexdigest()[:32]

    assert request_id_of_upload("bucket", "inputs/a.csv", "v1", "00A1") == expected


@given(UPLOADS, UPLOADS)
def test_ids_of_uploads_are_alike_only_when_the_uploads_are(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert is_id(request_id_of_upload(*one))
    assert (request_id_of_upload(*one) == request_id_of_upload(*other)) == (one == other)


def test_the_parts_of_an_upload_do_not_run_into_one_another() -> None:
    assert request_id_of_upload("b", "ab", "c", "") != request_id_of_upload("b", "a", "bc", "")


@given(st.text())
def test_any_id_of_a_caller_becomes_one_of_ours(own_id: str) -> None:
    assert is_id(request_id_of_caller(own_id))
    assert request_id_of_caller(own_id) == request_id_of_caller(own_id)


@given(st.text(), st.integers(1, 10))
def test_no_id_from_outside_becomes_the_id_of_an_attempt(own_id: str, number: int) -> None:
    theirs = request_id_of_caller("order-17")
    attempts = {attempt_id(theirs, number) for number in range(1, 11)}

    for own in (own_id, *attempts):
        assert request_id_of_caller(own) not in attempts
        assert request_id_of_inference(own, None) not in attempts
        assert request_id_of_call(own, number) not in attempts


def test_the_same_text_has_another_id_in_each_namespace() -> None:
    assert (
        len(
            {
                request_id_of_caller("m-1"),
                request_id_of_call("m-1", 0),
                request_id_of_inference("m-1", None),
                request_id_of_upload("m-1", "", "", ""),
            }
        )
        == 4
    )


@given(st.text(), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_any_inference_has_an_id_of_ours(inference_id: str, received_at: datetime | None) -> None:
    found = request_id_of_inference(inference_id, received_at)

    assert is_id(found)
    assert found == request_id_of_inference(inference_id, received_at)


def test_an_inference_of_another_caller_has_the_id_of_no_other_and_of_no_request() -> None:
    times = (None, datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))

    ids = {request_id_of_inference("order-17", time) for time in times}

    assert len(ids) == 3
    assert request_id_of_caller("order-17") not in ids


def test_the_first_attempt_has_the_requests_own_id_and_the_others_do_not() -> None:
    request = request_id_of_caller("order-17")

    ids = [attempt_id(request, number) for number in range(1, 11)]

    assert ids[0] == request
    assert len(set(ids)) == 10
    assert all(map(is_id, ids))

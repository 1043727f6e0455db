"""Direct calls of the backfill function, as they are written and refused."""

from datetime import UTC, datetime

import pytest
from relay.backfill.calls import ListCall, NamedCall, PreviewCall, StartCall, Tick, read_call
from relay.backfill.estimate import EndpointSpeed, Tally
from relay.errors import UnreadableMessage
from relay.inputs.inputs import Inputs
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, Json

SETTINGS = samples.backfill_settings()
TWO_FOLDERS = Inputs((S3Uri("lake", "fraud/"), S3Uri("lake", "orders/")))


def read(call: Json, inputs: Inputs = SETTINGS.inputs) -> object:
    return read_call(call, inputs)


def problem_of(call: Json, inputs: Inputs = SETTINGS.inputs) -> str:
    with pytest.raises(UnreadableMessage) as raised:
        read(call, inputs)
    return str(raised.value)


def test_the_schedule_is_a_tick() -> None:
    assert read(samples.event("backfill/schedule")) == Tick()


def test_a_start_has_the_whole_selection() -> None:
    call = read(
        {
            "action": "start",
            "name": "year-2025",
            "bucket": "archive",
            "prefix": "in/",
            "suffix": ".csv",
            "modified_from": "2025-01-01",
            "modified_to": "2026-01-01T00:00+01:00",
            "min_bytes": 1,
            "max_bytes": 100,
            "seconds_per_inference": 0.5,
            "instances": 2,
            "concurrent_invocations": 4,
        }
    )

    assert isinstance(call, StartCall)
    wanted = call.wanted
    assert (call.name, wanted.bucket, wanted.prefix) == ("year-2025", "archive", "in/")
    assert (wanted.suffix, wanted.min_bytes, wanted.max_bytes) == (".csv", 1, 100)
    assert wanted.modified_from == datetime(2025, 1, 1, tzinfo=UTC)
    assert wanted.modified_to == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert call.speed == EndpointSpeed(0.5, 2, 4)
    assert call.speed.per_minute == 60 / 0.5 * 2 * 4


def test_the_only_folder_of_inputs_is_the_default() -> None:
    call = read({"action": "preview"})

    assert isinstance(call, PreviewCall)
    assert (call.wanted.bucket, call.wanted.prefix) == (BUCKET, "inputs/")
    assert call.start == Tally()


def test_a_preview_goes_on_where_an_earlier_one_stopped() -> None:
    reached = Tally(3, 36, 1, "inputs/größe/1:2/3.csv")

    call = read({"action": "preview", "next": str(reached)})

    assert isinstance(call, PreviewCall)
    assert call.start == reached


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry_failed", "status"])
def test_the_other_calls_have_a_name_or_none(verb: str) -> None:
    assert read({"action": verb, "name": "a"}) == NamedCall(verb, "a")  # type: ignore[arg-type]
    assert read({"action": verb}) == NamedCall(verb, "")  # type: ignore[arg-type]


def test_a_list_has_no_members() -> None:
    assert read({"action": "list"}) == ListCall()
    assert problem_of({"action": "list", "name": "a"}) == (
        "name is not known; this call has no other member"
    )


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ({}, "action is missing"),
        (
            {"action": "dance"},
            "action is 'dance'; known are cancel, list, pause, preview, resume, retry_failed, "
            "start, status",
        ),
        ({"action": "start", "prefix": "outputs/"}, "prefix must begin with that of the inputs"),
        ({"action": "start", "bucket": "other"}, "bucket is 'other'; known are relay-data"),
        ({"action": "start", "name": "a b"}, "name is 'a b'; it must be of letters"),
        ({"action": "start", "min_bytes": -1}, "min_bytes is -1; it must be 0 or more"),
        ({"action": "start", "min_bytes": 2, "max_bytes": 1}, "min_bytes is more than max_bytes"),
        (
            {"action": "start", "modified_from": "2026-01-02", "modified_to": "2026-01-02"},
            "modified_from is not before modified_to",
        ),
        ({"action": "start", "suffix": 1}, "suffix must be a string, not a number"),
        ({"action": "start", "next": "1/1/1/"}, "next is not known"),
        ({"action": "preview", "next": "1/x"}, "next is not from an earlier response"),
        ({"action": "preview", "instances": 0}, "instances is 0; it must be from 1 to 10,000"),
        (
            {"action": "preview", "seconds_per_inference": 0},
            "seconds_per_inference is 0; it must be more than 0",
        ),
        (
            {"action": "preview", "seconds_per_inference": "5"},
            "seconds_per_inference must be a number, not a string",
        ),
        (
            {"action": "preview", "seconds_per_inference": float("nan")},
            "seconds_per_inference must be a number of at most 2^53",
        ),
        (
            {"action": "preview", "instance_dollars_per_hour": True},
            "instance_dollars_per_hour must be a number, not true",
        ),
    ],
)
def test_a_call_that_cannot_be_read_says_what_to_change(call: Json, problem: str) -> None:
    assert problem in problem_of(call)


def test_every_problem_of_a_call_is_named() -> None:
    problem = problem_of({"action": "start", "min_bytes": -1, "name": "/", "until": 1})

    assert [part.split()[0] for part in problem.split("; ")[::2]]
    assert all(name in problem for name in ("min_bytes", "name", "until"))


def test_of_several_folders_one_is_named() -> None:
    assert problem_of({"action": "start"}, TWO_FOLDERS) == (
        "prefix must begin with that of the inputs: fraud/ or orders/"
    )
    assert read({"action": "start", "prefix": "orders/2025/"}, TWO_FOLDERS)

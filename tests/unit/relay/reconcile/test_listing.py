"""The list of requests: selected by time, state, prefix and reason, in pages."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from relay.aws.dynamodb import attempt_items
from relay.budget import Budget
from relay.ids import attempt_id, request_id_of_resubmission
from relay.model import Attempt, AttemptState, Closing, Due, Held, Holding, Outcome, RequestState
from relay.reconcile import listing, reconcile
from relay.reconcile.listing import LIST_SECONDS, ListPage, ListQuery, Position, list_page
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.ports import FakeClock
from tests.support.fakes.reconcile import FakeDueLedger
from tests.support.samples import BUCKET, NOON, SERVER_ERROR

HOUR = timedelta(hours=1)


class Requests:
    """A ledger to list, at 18:00. Requests are submitted from noon on."""

    def __init__(self) -> None:
        self.ledger = FakeDueLedger()
        self.clock = FakeClock(NOON + 6 * HOUR)

    def submit(self, number: int, minutes: float = 0, folder: str = "a") -> Attempt:
        at = NOON + timedelta(minutes=minutes)
        attempt = samples.attempt(
            f"{number:032x}",
            submitted_at=at,
            due_at=at + timedelta(hours=7),
            location=S3Uri(BUCKET, f"inputs/{folder}/{number}.csv"),
        )
        self.ledger.claim([attempt])
        return attempt

    def close(self, attempt: Attempt, state: AttemptState, reason: str | None = None) -> None:
        self.ledger.close([Closing(attempt, state, self.clock.now(), reason=reason)])

    def retry(self, attempt: Attempt, number: int, reason: str = SERVER_ERROR) -> Attempt:
        self.close(attempt, AttemptState.RETRIED, reason)
        again = replace(
            attempt,
            id=attempt_id(attempt.request_id, number),
            number=number,
            submitted_at=attempt.submitted_at + 2 * HOUR,
            due_at=attempt.due_at + 2 * HOUR,
        )
        self.ledger.claim([again])
        return again

    def page(self, query: ListQuery, seconds: float = 20) -> ListPage:
        budget = Budget(self.clock)
        budget.begin(self.clock.now() + timedelta(seconds=seconds + LIST_SECONDS))
        return list_page(query, self.ledger, self.clock, budget)

    def listed(self, query: ListQuery) -> list[int]:
        """The numbers of all requests that are listed, over all pages."""
        numbers: list[int] = []
        while True:
            page = self.page(query)
            numbers += [int(request.request_id, 16) for request in page.requests]
            if page.next is None:
                return numbers
            query = replace(query, start=Position.parse(str(page.next)))


@pytest.fixture
def requests() -> Requests:
    return Requests()


def test_requests_of_a_range_of_time_are_listed(requests: Requests) -> None:
    for number in range(6):
        requests.submit(number, minutes=30 * number)

    def listed(since: float, until: float) -> list[int]:
        query = ListQuery(NOON + timedelta(minutes=since), NOON + timedelta(minutes=until))
        return requests.listed(query)

    assert listed(30, 90) == [1, 2]
    assert listed(0, 150) == [0, 1, 2, 3, 4]
    assert listed(-600, 0) == []
    assert listed(0, 0.001) == [0]


def test_requests_of_one_input_are_listed(requests: Requests) -> None:
    first, _, third = (requests.submit(number, minutes=90 * number) for number in range(3))
    again = replace(third, id="d" * 32, request_id="d" * 32, location=first.location)
    requests.ledger.claim([again])

    assert requests.listed(ListQuery(location=first.location)) == [0, int("d" * 32, 16)]
    assert requests.listed(ListQuery(location=S3Uri(BUCKET, "inputs/a/0"))) == []


def test_a_list_says_which_routes_delivered_the_result(requests: Requests) -> None:
    attempt = requests.submit(1)
    delivered = ("archive", "otherwise")
    requests.ledger.close([Closing(attempt, AttemptState.COMPLETED, NOON, delivered=delivered)])

    (listed,) = json.loads(json.dumps(requests.page(ListQuery()).to_json()))["requests"]

    assert listed["delivered_by"] == ["archive", "otherwise"]


def test_the_last_day_is_listed_unless_the_query_says_otherwise(requests: Requests) -> None:
    for number, hours in enumerate((-18.1, -17.9, 5.9)):
        requests.submit(number, minutes=60 * hours)

    assert requests.listed(ListQuery()) == [1, 2]


def test_only_the_hours_that_the_ledger_keeps_are_looked_at(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However early the range begins: each hour costs queries."""
    requests.submit(1, minutes=-60 * 24 * 49)
    looked_at: list[datetime | None] = []
    submitted = requests.ledger.submitted

    def counted(hour: datetime | None, *arguments: Any) -> Iterator[Due]:
        looked_at.append(hour)
        return submitted(hour, *arguments)

    monkeypatch.setattr(requests.ledger, "submitted", counted)

    found = requests.listed(ListQuery(since=datetime(1970, 1, 1, tzinfo=UTC)))

    assert found == [1]
    assert 49 * 24 < len(looked_at) < 52 * 24


def test_the_hours_go_back_as_far_as_the_ledger_keeps() -> None:
    longest = attempt_items._RETENTION + reconcile._LONGEST_RETENTION

    assert longest < listing._KEPT


@pytest.mark.parametrize("limit", [1, 2, 3, 1_000])
def test_pages_contain_each_request_once(requests: Requests, limit: int) -> None:
    for number in range(10):
        requests.submit(number, minutes=13 * number)
    requests.ledger.postpone([Due(NOON + 7 * HOUR, f"{0:032x}")], NOON + 9 * HOUR)

    assert requests.listed(ListQuery(limit=limit)) == [*range(1, 10), 0]
    assert len(requests.page(ListQuery(limit=limit)).requests) == min(limit, 10)


def test_a_page_ends_when_time_is_over(requests: Requests) -> None:
    for number in range(3):
        requests.submit(number, minutes=60 * number)

    page = requests.page(ListQuery(), seconds=0)

    assert page.requests == ()
    assert page.next is not None


def test_late_attempts_are_in_the_list_of_their_time_of_submission(requests: Requests) -> None:
    attempt = requests.submit(1, minutes=10)
    requests.submit(2, minutes=70)
    requests.ledger.postpone([Due.of(attempt.due_at, attempt.id)], NOON + 14 * 24 * HOUR)
    slack = samples.attempt(f"{3:032x}", submitted_at=NOON, due_at=NOON + 30 * HOUR)
    requests.ledger.claim([slack])

    assert sorted(requests.listed(ListQuery(NOON, NOON + HOUR))) == [1, 3]
    assert requests.listed(ListQuery(NOON + HOUR, NOON + 2 * HOUR)) == [2]


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda requests, attempt: None, RequestState.SUBMITTED),
        (
            lambda requests, attempt: requests.close(attempt, AttemptState.RETRIED),
            RequestState.RETRYING,
        ),
        (
            lambda requests, attempt: requests.ledger.hold(
                [Holding(attempt, Held(Outcome.FAILED, missing=("team",)))]
            ),
            RequestState.HELD,
        ),
        *(
            (
                lambda requests, attempt, state=state: requests.close(attempt, state),
                RequestState[state.name],
            )
            for state in AttemptState
            if state not in (AttemptState.OPEN, AttemptState.RETRIED)
        ),
    ],
)
def test_a_state_selects_its_requests(
    requests: Requests, end: Callable[[Requests, Attempt], None], state: RequestState
) -> None:
    end(requests, requests.submit(1))

    for each in RequestState:
        assert requests.listed(ListQuery(state=each)) == ([1] if each is state else [])


def test_a_request_is_listed_once_with_all_its_attempts(requests: Requests) -> None:
    """It belongs to the hour of its first attempt, and has the state of the last."""
    first = requests.submit(1)
    last = requests.retry(requests.retry(first, 2), 3)
    requests.close(last, AttemptState.FAILED, "ClientError: no")

    assert requests.listed(ListQuery(NOON, NOON + HOUR)) == [1]
    assert requests.listed(ListQuery(NOON + HOUR, NOON + 6 * HOUR)) == []
    (request,) = requests.page(ListQuery()).requests
    assert [attempt.number for attempt in request.attempts] == [1, 2, 3]
    assert request.state is RequestState.FAILED
    assert request.reason == "ClientError: no"


def test_the_reason_of_an_earlier_attempt_stands_until_there_is_a_later_one(
    requests: Requests,
) -> None:
    requests.retry(requests.submit(1), 2)

    assert requests.listed(ListQuery(reason="server ERROR (500)")) == [1]
    assert requests.listed(ListQuery(reason="client")) == []


def test_a_prefix_selects_input_locations(requests: Requests) -> None:
    requests.submit(1, folder="a")
    requests.submit(2, folder="b")
    inline = samples.attempt(f"{3:032x}", location=None)
    requests.ledger.claim([inline])

    assert requests.listed(ListQuery(prefix=f"s3://{BUCKET}/inputs/b")) == [2]
    assert sorted(requests.listed(ListQuery())) == [1, 2, 3]


def test_inferences_of_others_are_not_listed(requests: Requests) -> None:
    foreign = samples.attempt("c" * 32, tracked=False)
    requests.ledger.close([Closing(foreign, AttemptState.COMPLETED, NOON, known=False)])

    assert requests.listed(ListQuery()) == []


def test_a_failure_that_was_resubmitted_says_so(requests: Requests) -> None:
    failed, completed, other = (requests.submit(number) for number in (1, 2, 3))
    requests.close(failed, AttemptState.FAILED, "ClientError: no")
    requests.close(completed, AttemptState.COMPLETED)
    requests.close(other, AttemptState.FAILED, "ClientError: no")
    again = request_id_of_resubmission(failed.request_id)
    requests.ledger.claim([samples.attempt(again, resubmission_of=failed.request_id)])

    listed = {each.request_id: each.to_json() for each in requests.page(ListQuery()).requests}

    assert listed[failed.request_id]["resubmitted_as"] == again
    assert listed[again]["resubmission_of"] == failed.request_id
    assert "resubmitted_as" not in listed[other.request_id]


def test_a_page_as_json_has_what_a_person_looks_for(requests: Requests) -> None:
    first = requests.submit(1)
    last = requests.retry(first, 2)
    requests.close(last, AttemptState.FAILED, "ClientError: no")
    requests.submit(2, minutes=1)

    page = requests.page(ListQuery(limit=1))

    assert page.to_json() == {
        "requests": [
            {
                "request_id": first.id,
                "state": "failed",
                "requested_at": "2026-11-20T11:59:57+00:00",
                "submitted_at": "2026-11-20T12:00:00+00:00",
                "routed_at": "2026-11-20T18:00:00+00:00",
                "attempts": 2,
                "inference_id": last.id,
                "input_location": f"s3://{BUCKET}/inputs/a/1.csv",
                "version_id": first.version_id,
                "etag": first.etag,
                "reason": "ClientError: no",
            }
        ],
        "next": f"2026-11-20T12/2026-11-20T19:00:00.000Z/{first.id}",
    }
    assert "next" not in requests.page(ListQuery()).to_json()


@pytest.mark.parametrize(
    "position",
    [
        Position(NOON, Due(NOON + timedelta(milliseconds=1), "a" * 32)),
        Position(None, Due(datetime(1, 1, 1, tzinfo=UTC))),
    ],
)
def test_a_position_is_read_back(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "late", "2026-11-20T99/2026-11-20T12:00:00.000Z/", "x/y/z"])
def test_a_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Position.parse(text)

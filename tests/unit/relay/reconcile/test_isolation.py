"""One attempt that cannot be worked on does not keep reconcile from the others."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest
from relay.delivery.report import Count, Level
from relay.errors import PermanentError, RelayError, TransientError, UnexpectedError
from relay.reconcile.listing import ListQuery, Position, list_page
from relay.reconcile.status import status

from tests.support.attempt_items import unreadable_item
from tests.support.pipeline.reconciling import Search

ID, OTHER, BAD, LATE = "a" * 32, "b" * 32, "f" * 32, "1" * 32
HOUR = 3_720  # and the minutes by which the index may be late


@pytest.fixture
def search() -> Search:
    """Three attempts that are overdue in one millisecond."""
    search = Search()
    search.overdue(ID, OTHER, BAD)
    return search


def unreadable(search: Search) -> None:
    entry = {name: search.ledger.table[BAD][name] for name in ("due_shard", "due")}
    search.ledger.table[BAD] = unreadable_item(BAD, **entry)


def test_an_item_that_cannot_be_read_is_noted_and_looked_at_every_hour(search: Search) -> None:
    item = search.ledger.table[BAD]
    unreadable(search)

    report = search.run()

    assert search.reported == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2, Count.BROKEN: 1, Count.POSTPONED: 1}
    (note,) = [note for note in report.notes if note.level is Level.ERROR]
    assert f"item {BAD} of the ledger cannot be read" in dict(note.fields)["error"]
    search.clock.advance(300)
    assert search.run().counts == {}
    search.clock.advance(HOUR)
    assert search.run().counts == {Count.BROKEN: 1, Count.POSTPONED: 1}
    search.ledger.table[BAD] |= {name: item[name] for name in ("request", "claim")}
    search.clock.advance(HOUR)
    assert search.run().counts == {Count.OVERDUE: 1}


def test_an_attempt_that_is_not_read_keeps_back_none_before_it(search: Search) -> None:
    search.ledger.unread.add(BAD)

    report = search.run()

    assert search.reported == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2}
    assert isinstance(report.failure, TransientError)
    search.ledger.unread.clear()
    search.clock.advance(300)
    assert search.run().counts == {Count.OVERDUE: 1}
    assert search.reported == [ID, OTHER, BAD]


def test_the_status_of_a_request_is_not_told_while_an_attempt_is_not_read(search: Search) -> None:
    search.ledger.unread.add(BAD)

    with pytest.raises(TransientError):
        status(BAD, search.ledger)
    search.begin()
    with pytest.raises(TransientError):
        list_page(ListQuery(), search.ledger, search.clock, search.budget)


def test_an_error_in_one_search_is_noted_and_passed(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = search.storage.find

    def fails(prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        if any(BAD in prefix for prefix in prefixes):
            raise ZeroDivisionError
        return find(prefixes)

    monkeypatch.setattr(search.storage, "find", fails)

    report = search.run()

    assert search.reported == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2, Count.BROKEN: 1, Count.POSTPONED: 1}


def test_an_output_location_that_is_none_is_not_looked_for(search: Search) -> None:
    search.ledger.items[BAD] = replace(search.ledger.items[BAD], output_location="nowhere")

    report = search.run()

    assert search.reported == [ID, OTHER, BAD]
    assert report.counts == {Count.OVERDUE: 3}


def test_an_item_that_cannot_be_read_or_postponed_is_not_passed(search: Search) -> None:
    unreadable(search)
    search.faults.plan("ledger.postpone", RelayError("throttled"))

    search.run()

    cursor = search.ledger.cursor()
    assert cursor is not None
    assert cursor.id == OTHER


@pytest.mark.parametrize("error", [PermanentError("refused"), UnexpectedError("a bug")])
def test_an_item_that_can_never_be_postponed_keeps_back_no_later_one(
    search: Search, error: RelayError
) -> None:
    unreadable(search)
    search.overdue(LATE, minutes=4)
    search.faults.plan("ledger.postpone", error)

    report = search.run()

    assert search.reported == [ID, OTHER, LATE]
    (note,) = [note for note in report.notes if note.text == "attempt passed, not postponed"]
    assert dict(note.fields)["inference_id"] == BAD
    assert report.minutes_behind == 0
    assert report.failure is not None


@pytest.mark.parametrize(
    "text", ["2026-11-20T11:3x", "2026-11-20T11:50:00.000#", "2026-11-20T11:5"]
)
def test_an_entry_that_cannot_be_read_is_noted_and_its_attempt_is_reported(
    search: Search, text: str
) -> None:
    search.ledger.table[BAD]["due"] = {"S": text}

    report = search.run()

    assert sorted(search.reported) == [ID, OTHER, BAD]
    assert report.counts == {Count.OVERDUE: 3, Count.BROKEN: 1}
    assert f"entry of {BAD} in the index" in str(report.failure)
    search.clock.advance(HOUR)
    assert search.run().counts == {}


def test_an_entry_that_cannot_be_read_is_not_passed_before_its_attempt_is_reported(
    search: Search,
) -> None:
    search.ledger.table[BAD]["due"] = {"S": "2026-11-20T11:3x"}
    search.faults.plan("queues.send", TransientError("throttled"))
    search.run()

    search.run()

    assert sorted(search.reported) == [ID, OTHER, BAD]


@pytest.mark.parametrize("limit", [3, 100])
def test_a_request_whose_entry_cannot_be_read_is_listed(search: Search, limit: int) -> None:
    search.ledger.table[BAD]["due"] = {"S": "2026-11-20T11:3x"}
    query = ListQuery(limit=limit)
    listed: list[str] = []
    for _ in range(4):
        search.begin()
        page = list_page(query, search.ledger, search.clock, search.budget)
        listed += [each.request_id for each in page.requests]
        if page.next is None:
            break
        query = replace(query, start=Position.parse(str(page.next)))

    assert listed == [ID, OTHER, BAD]
    assert page.next is None


@pytest.mark.parametrize(
    ("attribute", "member", "value"),
    [("request", "request_id", 7), ("claim", "submitted_at", "2026-11-20T12:00:00")],
)
def test_a_request_whose_item_has_a_member_of_another_type_keeps_back_no_other(
    search: Search, attribute: str, member: str, value: object
) -> None:
    item = search.ledger.table[BAD]
    item[attribute] = {"S": json.dumps({**json.loads(item[attribute]["S"]), member: value})}
    search.begin()

    page = list_page(ListQuery(), search.ledger, search.clock, search.budget)

    assert {each.request_id: each.state.value for each in page.requests} == {
        ID: "submitted",
        OTHER: "submitted",
        BAD: "unreadable",
    }


def test_a_request_whose_item_cannot_be_read_has_a_status_and_is_listed(search: Search) -> None:
    unreadable(search)

    assert status(BAD, search.ledger).state == "unreadable"
    assert status(ID, search.ledger).state == "submitted"
    search.begin()
    page = list_page(ListQuery(limit=1_000), search.ledger, search.clock, search.budget)
    assert {each.request_id: each.state.value for each in page.requests} == {
        ID: "submitted",
        OTHER: "submitted",
        BAD: "unreadable",
    }

"""Runs of reconcile: what they report, what they postpone, and where they continue."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.delivery.report import Count
from relay.errors import AccessDenied, TransientError
from relay.model import AttemptState, Closing, Due, Held, Holding, Outcome, OutgoingMessage
from relay.reconcile.search import Finding

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.reconciling import Search
from tests.support.samples import NOTIFICATION_QUEUE

FIRST, SECOND, THIRD = "a" * 32, "b" * 32, "c" * 32
THROTTLED = TransientError("ThrottlingException: Rate exceeded")
DENIED = AccessDenied("not authorized to list")
HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def search() -> Search:
    return Search()


def output(inference_id: str) -> str:
    return f"{samples.OUTPUTS}{inference_id}"


def many(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


def test_an_output_a_failure_object_or_nothing_decides_the_outcome(search: Search) -> None:
    search.overdue(FIRST, SECOND, THIRD)
    failure = f"{samples.FAILURES}{SECOND}-error.out"
    search.storage.locations |= {output(FIRST), failure, f"{output(THIRD)}.manifest"}

    report = search.run()

    assert report.counts == {Count.RECOVERED: 2, Count.OVERDUE: 1}
    assert report.failure is None
    bodies = {message.key: json.loads(message.body) for message in search.queues.sent}
    statuses = {key: body["invocationStatus"] for key, body in bodies.items()}
    assert statuses == {FIRST: "completed", SECOND: "failed", THIRD: "expired"}
    assert bodies[FIRST]["responseParameters"] == {"outputLocation": output(FIRST)}
    assert bodies[SECOND]["responseParameters"] == {"failureLocation": failure}


def test_what_is_closed_renewed_or_not_yet_overdue_is_not_reported(search: Search) -> None:
    closed, renewed = search.overdue(FIRST, SECOND)
    search.overdue(THIRD, minutes=-1)
    search.ledger.close([Closing(closed, AttemptState.COMPLETED, search.clock.now())])
    later = search.clock.now() + timedelta(hours=1)
    search.ledger.items[SECOND] = replace(renewed, due_at=later)

    assert search.run().counts == {}
    assert search.reported == []


def test_a_run_continues_where_the_last_one_ended(search: Search) -> None:
    search.overdue(FIRST)
    search.run()
    search.clock.advance(300)
    search.overdue(SECOND, minutes=2)

    report = search.run()

    assert search.reported == [FIRST, SECOND]
    assert report.minutes_behind == 0


def test_a_location_outside_of_the_outputs_is_not_listed(search: Search) -> None:
    """The role has no permission to list it."""
    (attempt,) = search.overdue(FIRST)
    beside = f"s3://{samples.BUCKET}/outputs-of-others/{FIRST}.out"
    search.ledger.items[FIRST] = replace(attempt, output_location=beside)
    search.storage.locations.add(beside)

    assert search.run().counts == {Count.OVERDUE: 1}
    assert search.faults.steps.count("storage.find") == 1


class TestARunThatFails:
    @pytest.mark.parametrize(
        "step",
        ["ledger.due", "ledger.look_up", "storage.find", "queues.send", "ledger.move_cursor"],
    )
    @pytest.mark.parametrize("error", [THROTTLED, Crash()])
    @pytest.mark.parametrize("after", [False, True])
    def test_anywhere_is_completed_by_the_next(
        self, search: Search, step: str, error: BaseException, after: bool
    ) -> None:
        search.run()
        search.overdue(FIRST, minutes=0)
        search.clock.advance(120)
        search.faults.plan(step, error, after=after)
        if isinstance(error, Crash):
            with pytest.raises(Crash):
                search.run()
        else:
            assert search.run().failure is error

        search.clock.advance(HOUR + 120)
        search.run()

        assert set(search.reported) == {FIRST}
        assert len(search.reported) <= 2

    def test_before_the_first_cursor_is_written_begins_an_hour_back(self, search: Search) -> None:
        search.overdue(FIRST, minutes=59)
        search.overdue(SECOND, minutes=62)

        search.run()

        assert search.reported == [FIRST]

    def test_for_days_loses_nothing(self, search: Search) -> None:
        search.run()
        for day in range(1, 25):
            search.overdue(f"{day:032x}", minutes=-60 * 24 * day)
        search.clock.advance(25 * DAY)

        search.run()

        assert search.reported == [f"{day:032x}" for day in range(1, 25)]

    def test_to_send_a_report_repeats_none_that_was_sent_before_it(self, search: Search) -> None:
        search.run()
        search.overdue(FIRST, SECOND, THIRD, minutes=0)
        search.clock.advance(120)
        search.faults.plan("queues.send", THROTTLED, nth=2)

        report = search.run()

        assert report.failure is THROTTLED
        assert search.ledger.cursor() == Due(search.clock.now() - timedelta(minutes=2), FIRST)
        search.run()
        assert search.reported.count(FIRST) == 1
        assert set(search.reported) == {FIRST, SECOND, THIRD}


class TestAnAttemptThatCannotBeExamined:
    def test_holds_back_no_other(self, search: Search) -> None:
        search.overdue(FIRST, SECOND, THIRD)
        search.storage.refused[output(FIRST)] = DENIED
        search.storage.refused[f"{samples.FAILURES}{SECOND}"] = DENIED

        report = search.run()

        assert search.reported == [THIRD]
        assert report.minutes_behind == 0
        assert report.failure is DENIED
        counts = {Count.POSTPONED: 2, Count.ACCESS_DENIED: 2, Count.OVERDUE: 1}
        assert report.counts == counts

    def test_is_looked_at_again_every_hour(self, search: Search) -> None:
        search.overdue(FIRST)
        search.storage.refused[output(FIRST)] = DENIED
        search.run()
        for _ in range(12):
            search.clock.advance(HOUR + 120)
            assert search.run().counts[Count.POSTPONED] == 1

        search.storage.refused.clear()
        search.storage.locations.add(output(FIRST))
        search.clock.advance(HOUR + 120)

        assert search.run().counts == {Count.RECOVERED: 1}

    def test_is_not_passed_when_it_cannot_be_postponed(self, search: Search) -> None:
        search.overdue(FIRST, SECOND)
        search.storage.refused[output(FIRST)] = DENIED
        search.faults.plan("ledger.postpone", THROTTLED)

        search.run()

        cursor = search.ledger.cursor()
        assert cursor is not None
        assert cursor < Due.of(search.ledger.items[FIRST].due_at, FIRST)

    def test_for_want_of_an_answer_ends_the_run(self, search: Search) -> None:
        """S3 has an outage: to try every other attempt would only take time."""
        search.overdue(*many(150))
        search.storage.trouble = THROTTLED

        report = search.run()

        assert report.failure is THROTTLED
        assert report.counts == {Count.POSTPONED: 100}
        search.storage.trouble = None
        assert search.run().counts == {Count.OVERDUE: 50}
        search.clock.advance(420)  # five minutes, and those by which the index may be late
        assert search.run().counts == {Count.OVERDUE: 100}


class TestAnAttemptThatRaises:
    """An exception that is no RelayError: a bug, or an item of another form."""

    def test_harms_itself_alone(self, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
        search.overdue(*many(150))
        broken = many(150)[70]
        to_message = Finding.to_message

        def raising(finding: Finding, queue_url: str) -> OutgoingMessage:
            if finding.attempt.id == broken:
                raise TypeError("a bug")
            return to_message(finding, queue_url)

        with monkeypatch.context() as patched:
            patched.setattr(Finding, "to_message", raising)
            report = search.run()

        assert set(search.reported) == {*many(150)} - {broken}
        assert report.counts == {Count.OVERDUE: 149, Count.POSTPONED: 1, Count.BROKEN: 1}
        assert report.minutes_behind == 0
        assert "TypeError" in str(report.failure)
        search.clock.advance(HOUR + 120)
        assert search.run().counts == {Count.OVERDUE: 1}


class TestALargeNumberOfOverdueAttempts:
    def test_is_worked_off_in_runs_that_end_in_time(self, search: Search) -> None:
        """All of them are overdue in one millisecond."""
        ids = many(10_000)
        search.overdue(*ids)
        search.storage.seconds = 0.5  # for a page of 100, twice
        runs = 0
        while len(search.reported) < len(ids):
            begin = search.clock.now()
            search.run()
            runs += 1
            assert search.clock.now() - begin <= timedelta(seconds=21)
            search.clock.advance(300)

        assert runs == 5
        assert search.reported == ids

    def test_is_reported_once_however_long_its_reports_wait(self, search: Search) -> None:
        search.overdue(*many(1_400))
        search.storage.seconds = 1.5

        for _ in range(30):
            search.run()
            search.clock.advance(300)

        assert sorted(search.reported) == many(1_400)
        assert search.queues.waiting(NOTIFICATION_QUEUE) == 1_400

    def test_is_repeated_by_a_page_at_most_after_a_crash(self, search: Search) -> None:
        search.overdue(*many(250))
        search.faults.plan("queues.send", Crash(), nth=201, after=True)
        with pytest.raises(Crash):
            search.run()

        search.run()

        assert set(search.reported) == set(many(250))
        assert len(search.reported) <= 250 + 100


class TestAHeldResult:
    def test_is_left_to_its_message_as_long_as_sqs_keeps_one(self, search: Search) -> None:
        (attempt,) = search.overdue(FIRST)
        search.ledger.hold([Holding(attempt, Held(Outcome.COMPLETED, missing=("team",)))])

        assert search.run().counts == {Count.HELD: 1}
        for _ in range(13):
            search.clock.advance(DAY)
            assert search.run().counts == {}

        search.clock.advance(DAY + 120)
        search.storage.locations.add(output(FIRST))
        assert search.run().counts == {Count.RECOVERED: 1}

    def test_that_ends_meanwhile_is_never_reported(self, search: Search) -> None:
        (attempt,) = search.overdue(FIRST)
        search.ledger.hold([Holding(attempt, Held(Outcome.COMPLETED, missing=("team",)))])
        search.run()
        search.ledger.close([Closing(attempt, AttemptState.COMPLETED, search.clock.now())])

        search.clock.advance(15 * DAY)

        assert search.run().counts == {}

    @pytest.mark.parametrize("outcome", Outcome)
    def test_is_reported_with_the_outcome_that_targets_have(
        self, search: Search, outcome: Outcome
    ) -> None:
        """Route drops a notification with another one."""
        (attempt,) = search.overdue(FIRST)
        search.ledger.hold([Holding(attempt, Held(outcome, ("archive",), ("team",)))])
        search.run()
        search.clock.advance(14 * DAY + 120)

        search.run()

        (message,) = search.queues.sent
        assert json.loads(message.body)["invocationStatus"] == outcome

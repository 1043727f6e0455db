"""What a function answers, to a queue and to a caller."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from relay.delivery.report import Count, Level, Report
from relay.delivery.responses import Incomplete, ends_at, respond
from relay.errors import UnreadableMessage
from relay.model import Delivery, Incoming
from relay.reconcile.calls import read_action

from tests.support import samples
from tests.support.samples import NOON


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 45_000


def incoming(*deliveries: Delivery) -> Sequence[Incoming[object]]:
    return [Incoming(delivery) for delivery in deliveries]


DIRECT = Delivery("invocation-1", "{}")


def test_a_queue_gets_the_message_ids_of_the_failures() -> None:
    report = Report()
    report.give_back(samples.delivery("m-2"))

    answer = respond(incoming(*(samples.delivery(f"m-{n}") for n in (1, 2, 3))), report)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}


def test_a_completed_batch_has_no_failures() -> None:
    assert respond(incoming(samples.delivery()), Report()) == {"batchItemFailures": []}


def test_a_caller_gets_the_outcome_of_each_request_in_the_order_of_the_call() -> None:
    report = Report()
    report.count(Count.SUBMITTED)
    report.answer("r-2", "rejected", 2, reason="too long")
    report.answer(None, "invalid", 1, reason="requests[1] must be a JSON object, not null")
    report.answer("r-1", "submitted", 0, output_location="s3://b/o")

    assert respond(incoming(DIRECT), report) == {
        "requests": [
            {
                "number": 0,
                "request_id": "r-1",
                "status": "submitted",
                "output_location": "s3://b/o",
            },
            {
                "number": 1,
                "status": "invalid",
                "reason": "requests[1] must be a JSON object, not null",
            },
            {"number": 2, "request_id": "r-2", "status": "rejected", "reason": "too long"},
        ],
        "counts": {"Submitted": 1},
    }


def test_a_direct_invocation_that_is_not_done_fails_with_its_reasons() -> None:
    report = Report()
    report.give_back(DIRECT)
    report.note(Level.WARNING, "rejected", reason="of another request, which is done")
    report.note(Level.ERROR, "request could not be queued", error="not authorized")

    with pytest.raises(Incomplete) as caught:
        respond(incoming(DIRECT), report)

    assert str(caught.value) == "1 of 1 deliveries were not processed: not authorized"


def test_an_error_that_lambda_logs_repeats_a_bounded_part_of_the_event() -> None:
    report = Report()
    report.give_back(DIRECT)
    for number in range(1_000):
        report.note(Level.ERROR, "unreadable", reason=f"{number:1000}")

    with pytest.raises(Incomplete) as incomplete:
        respond(incoming(DIRECT), report)
    with pytest.raises(UnreadableMessage, match="^action is 'xxx") as unreadable:
        read_action({"action": "x" * 200_000}, "bucket")

    assert len(str(incomplete.value)) <= 2_100
    assert len(str(unreadable.value)) == 2_000


def test_a_direct_invocation_that_ran_out_of_time_says_so() -> None:
    report = Report()
    report.give_back(DIRECT)

    with pytest.raises(Incomplete, match="time ran out"):
        respond(incoming(DIRECT), report)


def test_the_use_case_ends_early_enough_for_the_response() -> None:
    assert ends_at(Context(), NOON) == NOON + timedelta(seconds=42)

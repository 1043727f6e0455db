"""Dollars for a million requests, worked out by hand from the list prices."""

import pytest

from benchmarks import cost
from benchmarks.cost import Design, Step

NOTHING = Step(batch=100, calls={}, cpu_seconds=0.0, log_bytes=0.0)


def test_a_queue_takes_one_message_at_a_time_and_gives_ten() -> None:
    assert cost.queue(batch=1) == 3
    assert cost.queue(batch=10) == pytest.approx(1.2)
    assert cost.queue(batch=1_000) == pytest.approx(1.2)


def test_a_function_is_billed_for_its_requests_its_time_and_its_log() -> None:
    step = Step(
        batch=10,
        calls={"InvokeEndpointAsync": 1, "BatchExecuteStatement": 0.04, "SendMessageBatch": 0.1},
        cpu_seconds=0.001,
        log_bytes=10,
        threads=10,
    )

    # 40 ms in ten threads, 8 ms for every 25th, 12 ms for every tenth, and 1 ms of a processor of
    # which 512 MB buy 29 %.
    assert step.seconds == pytest.approx(0.004 + 0.00032 + 0.0012 + 0.001 * 1_769 / 512)
    assert step.dollars()["Lambda"] == pytest.approx(
        0.20e-6 / 10 + step.seconds * 0.5 * 0.0000133334
    )
    assert step.dollars()["logs"] == pytest.approx((10 + 90) * 0.5e-9)


def test_the_relay_pays_for_three_writes_a_read_and_its_queues() -> None:
    relay = cost.relay(NOTHING, Step(100, {"SendMessageBatch": 0.1}, 0.0, 0.0))

    assert relay.dollars()["DynamoDB"] == pytest.approx(3 * 0.625 + 0.125)
    assert relay.dollars()["SQS"] == pytest.approx(2 * 1.2 * 0.40 + 0.1 * 0.50)
    assert relay.dollars()["SNS"] == pytest.approx(0.50)
    assert relay.total() == pytest.approx(sum(relay.dollars().values()))


def test_the_floor_has_no_ledger() -> None:
    assert cost.floor(NOTHING, NOTHING).dollars()["DynamoDB"] == 0


def test_a_task_token_pays_for_four_transitions() -> None:
    assert cost.task_token(NOTHING, NOTHING).dollars()["Step Functions"] == pytest.approx(100)


def test_every_look_of_polling_is_a_request_to_the_bucket() -> None:
    assert cost.polling(NOTHING, looks=6).dollars()["S3"] == pytest.approx(2.40)


def test_failed_requests_are_paid_for_again() -> None:
    relay = cost.relay(NOTHING, NOTHING)

    failing = cost.with_failures(relay, 0.10)

    assert failing.dollars()["DynamoDB"] == pytest.approx(relay.dollars()["DynamoDB"] * 1.1)
    assert failing.dollars()["SNS"] == pytest.approx(0.55)


def test_a_line_for_each_request_is_paid_for_by_its_length() -> None:
    design = Design("one function", (NOTHING,))

    talking = cost.with_log_lines(design, 400)

    assert talking.dollars()["logs"] - design.dollars()["logs"] == pytest.approx(0.20)

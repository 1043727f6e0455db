"""The last released version is deployed, has requests at every stage, and is upgraded.

`make upgrade` also has the upgrade fail, and repeats it. `tests/upgrade` has the stages that need a
crash, in memory.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.targets.target import Target
from tests.e2e.further_stack import remove_bucket
from tests.e2e.upgrade.upgraded_stack import (
    BUCKET,
    LATER,
    RESULTS,
    TIMEOUT_SECONDS,
    TTL_SECONDS,
    UpgradedStack,
)
from tests.support.stack import RunningStack
from tests.upgrade.released import NoHistory, released_tree

_ALL = os.environ.get("RELAY_UPGRADES") == "all"
# Reconcile looks at an attempt a minute after it became overdue.
_OVERDUE_SECONDS = TTL_SECONDS + TIMEOUT_SECONDS + 65


@pytest.fixture
def upgraded(
    stack: RunningStack, target: Target, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UpgradedStack]:
    try:
        earlier = released_tree(tmp_path_factory.mktemp("released"))
    except NoHistory as reason:
        pytest.skip(str(reason))
    upgraded = UpgradedStack(stack, target, earlier)
    try:
        upgraded.deploy_released()
        yield upgraded
    finally:
        upgraded.close()
        remove_bucket(target.client("s3"), BUCKET)


class Left:
    """Requests at every stage. `results` are the targets of each, by the input's location."""

    def __init__(self, stack: UpgradedStack) -> None:
        self._stack = stack
        self.results: Counter[tuple[str, str]] = Counter()
        self._parked()
        self._held()
        self._lost()
        self._retried()
        self._notified_and_rejected()
        self._queued_and_called()

    def _upload(self, key: str, *targets: str) -> None:
        location = self._stack.upload(key)
        self.results.update((target, location) for target in targets or (RESULTS,))

    def _parked(self) -> None:
        self._stack.send("SubmitQueueUrl", "not JSON")
        self._await("a parked message", "SubmitDeadLetterQueueUrl", 1)

    def _held(self) -> None:
        self._upload("inputs/held/1.csv", RESULTS, LATER)
        self._stack.await_(lambda: self._stack.objects("outputs/") == 1, "the held output")
        self._await("a held result", "NotificationQueueUrl", 1)

    def _lost(self) -> None:
        with self._stack.fault(lose_notification=1.0):
            self.lost_at = time.monotonic()
            self._upload("inputs/lost.csv")
            self._stack.await_(lambda: self._stack.objects("outputs/") == 2, "the lost output")

    def _retried(self) -> None:
        with self._stack.fault(server_error=1.0):
            self._upload("inputs/retried.csv")
            self._stack.await_(lambda: self._stack.objects("failures/") == 1, "a failure")
            self._await("a retry that waits", "SubmitQueueUrl", 1)
            self._await("a held result alone", "NotificationQueueUrl", 1)

    def _notified_and_rejected(self) -> None:
        self._stack.listen("Route", on=False)
        self._upload("inputs/notified.csv")
        self._upload(f"inputs/{'x' * 1_000}.csv")
        self._await("notifications that wait", "NotificationQueueUrl", 3)

    def _queued_and_called(self) -> None:
        with self._stack.fault(throttle=1.0):
            call = {"requests": [{"body": "1,2,3", "request_id": "order-1"}]}
            (answer,) = self._stack.invoke("Submit", call)["requests"]
            assert answer["status"] == "queued"
            self._stack.listen("Submit", on=False)
        self.results[RESULTS, answer["request_id"]] += 1
        self._upload("inputs/queued.csv")
        self._await("requests that wait", "SubmitQueueUrl", 3)

    def _await(self, what: str, queue: str, count: int) -> None:
        self._stack.await_(lambda: self._stack.waiting(queue) == count, what)


def roll_outs(stack: UpgradedStack) -> list[str]:
    """Ask for two roll-outs, of which one waits for the other."""
    artifacts = [stack.artifact(f"models/upgrade-{number}/model.tar.gz") for number in (1, 2)]
    responses = [
        stack.invoke("Provision", {"action": "deploy", "model_data_url": each})
        for each in artifacts
    ]
    assert [each["status"] for each in responses] == ["accepted", "waiting"]
    return [each["roll_out"] for each in responses]


def end_roll_outs(stack: UpgradedStack, expected: list[str]) -> None:
    def ended() -> bool:
        stack.sweep()
        described = stack.invoke("Provision", {"action": "describe"})
        history = [described["last_roll_out"], *described["earlier_roll_outs"]]
        succeeded = {each["id"] for each in history if each["outcome"] == "succeeded"}
        return set(expected) <= succeeded

    stack.await_(ended, "the end of both roll-outs")


def require_one_result_each(stack: UpgradedStack, left: Left) -> None:
    received: Counter[tuple[str, str]] = Counter()

    def complete() -> bool:
        for queue in (RESULTS, LATER):
            received.update((queue, subject) for subject in stack.take(queue))
        idle = not (stack.waiting("SubmitQueueUrl") or stack.waiting("NotificationQueueUrl"))
        return idle and received.total() >= left.results.total()

    stack.await_(complete, "the results of all requests", 180)
    assert received == left.results
    assert stack.waiting("SubmitDeadLetterQueueUrl") == 1
    assert stack.waiting("NotificationDeadLetterQueueUrl") == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "fails",
    [
        False,
        pytest.param(True, marks=pytest.mark.skipif(not _ALL, reason="make upgrade runs it")),
    ],
    ids=["once", "rolled back and repeated"],
)
def test_every_request_ends_in_one_result(upgraded: UpgradedStack, fails: bool) -> None:
    left = Left(upgraded)
    asked = roll_outs(upgraded)

    if fails:
        upgraded.upgrade_and_fail()
    upgraded.upgrade()
    upgraded.create_later()
    for function in ("Submit", "Route"):
        upgraded.listen(function, on=True)
    end_roll_outs(upgraded, asked)
    due_at = left.lost_at + _OVERDUE_SECONDS
    upgraded.await_(lambda: time.monotonic() > due_at, "an overdue attempt", _OVERDUE_SECONDS)
    now = datetime.now(UTC)
    since = (now - timedelta(hours=1)).isoformat()
    upgraded.invoke("Reconcile", {"action": "reconcile", "from": since, "to": now.isoformat()})

    require_one_result_each(upgraded, left)

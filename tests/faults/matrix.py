"""Runs of scenarios with faults, and what holds at the end of each of them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from relay.model import AttemptState, OutgoingMessage

from tests.faults.deployment import Deployment
from tests.faults.faults import DOUBTFUL, Kind, Step
from tests.faults.scenarios import SCENARIOS
from tests.stateful.world import ARCHIVE
from tests.support.samples import (
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    SUBMIT_DEAD_LETTERS,
)

Plan = Mapping[int, Kind]
# The visibility timeout after a crash, and the longest delays that follow it.
MINUTES_A_FAULT = 6


class Broken(AssertionError):
    """An invariant does not hold after these faults."""


def run(scenario: str, plan: Plan, order: int = 0) -> Sequence[Step]:
    """Run a scenario until nothing is left to do, and check the invariants. Return its steps.

    Raises:
        Broken: an invariant does not hold.
    """
    chosen = SCENARIOS[scenario]
    deployment = Deployment(plan, order, chosen.model)
    chosen.begin(deployment)
    try:
        deployment.run()
        check(scenario, deployment)
    except AssertionError as error:
        raise Broken(f"{scenario}: {described(plan, deployment)}: {error}") from error
    return deployment.planned.made


def described(plan: Plan, deployment: Deployment) -> str:
    steps = deployment.planned.steps
    return ", then ".join(
        f"{steps[number] if number < len(steps) else 'no step'} #{number}: {kind.value}"
        for number, kind in sorted(plan.items())
    )


def check(scenario: str, deployment: Deployment) -> None:
    """The guarantee of docs/explanation/delivery.md, and that nothing is left."""
    check_results(scenario, deployment)
    kinds = [kind for _, kind in deployment.planned.happened]
    # A message comes again with a request that is submitted, unless the ledger takes a note of it.
    doubts = sum(kind in DOUBTFUL for kind in kinds) + bool(SCENARIOS[scenario].outage)
    assert all(number <= 1 + doubts for number in deployment.invocations.values()), "inferences"
    assert not deployment.forgotten, "never submitted until it was overdue"
    items = deployment.ledger.items.values()
    assert all(each.number <= SCENARIOS[scenario].attempts for each in items), "attempts"
    assert all(each.state is not AttemptState.OPEN for each in items), "an attempt is open"
    expected = SCENARIOS[scenario].traffic().parked
    parked = [each.body for each in deployment.queues.delivered(SUBMIT_DEAD_LETTERS)]
    assert set(parked) == set(expected), "parked"
    assert len(parked) <= len(expected) * (1 + len(kinds)), "parked too often"
    assert not deployment.queues.delivered(NOTIFICATION_DEAD_LETTERS), "parked notifications"
    most = SCENARIOS[scenario].minutes + MINUTES_A_FAULT * len(kinds)
    assert deployment.clock.now() - deployment.began_at <= timedelta(minutes=most), "stuck"


def check_results(scenario: str, deployment: Deployment) -> None:
    """Each request has one result on FIFO queues and at least one on standard queues."""
    happened = deployment.planned.happened
    refused = ("endpoint.invoke", Kind.ONE_REFUSED) in happened
    traffic = SCENARIOS[scenario].traffic()
    fifo = by_request(deployment, COMPLETED_QUEUE, FAILED_QUEUE)
    archive = by_request(deployment, ARCHIVE)
    assert set(fifo) == set(archive) == set(traffic.requests), "results of other requests"
    for request_id, outcomes in traffic.requests.items():
        allowed = outcomes | {"rejected"} if refused else outcomes
        results = fifo[request_id] + archive[request_id]
        assert {outcome_of(each) for each in results} <= allowed, "another outcome"
        assert len({each.deduplication_id for each in fifo[request_id]}) == 1, "two on FIFO queues"
        # A second repeat comes later than the five minutes of a FIFO queue.
        assert len(fifo[request_id]) <= max(1, len(happened)), "too many on a FIFO queue"
        assert len(archive[request_id]) <= 1 + len(happened), "too many on a standard queue"


def by_request(deployment: Deployment, *addresses: str) -> dict[str, list[OutgoingMessage]]:
    found: dict[str, list[OutgoingMessage]] = defaultdict(list)
    for address in addresses:
        for message in deployment.queues.delivered(address):
            found[json.loads(message.body)["id"]].append(message)
    return found


def outcome_of(message: OutgoingMessage) -> str:
    outcome: str = json.loads(message.body)["data"]["outcome"]
    return outcome


def faults(steps: Sequence[Step], after: int = -1) -> Iterator[tuple[int, Kind]]:
    """Every single fault at every step behind a number.

    Of the entries between the first and the last one of a call, the second stands for all.
    """
    for number, step in enumerate(steps):
        place = steps[number - 1] if number else step
        following = steps[number + 1] if number + 1 < len(steps) else step
        inner = not (step.first or place.first or following.first)
        if number > after and not inner:
            for kind in step.kinds():
                yield number, kind

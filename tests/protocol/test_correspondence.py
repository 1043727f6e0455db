"""The model is about this code: what the real use cases do, the model can do, call by call."""

import json
from collections.abc import Callable, MutableSequence
from random import Random
from typing import Any

import pytest
from relay.errors import TransientError, Unanswered

from tests.protocol.explorer import runs_that_show
from tests.protocol.model import Design, Fault, World, initial_state
from tests.protocol.protocol import Protocol
from tests.stateful.world import World as RealWorld
from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.samples import SERVER_ERROR, SUBMIT_QUEUE

# The fakes' names for the port calls, and the model's.
PORT_CALLS = {
    "endpoint.invoke": "Endpoint.invoke",
    "ledger.claim": "Ledger.claim",
    "ledger.close": "Ledger.close",
    "ledger.hold": "Ledger.hold",
    "ledger.look_up": "look_up",
    "ledger.move_cursor": "DueLedger.move_cursor",
    "ledger.release": "Ledger.release",
    "ledger.renew": "Ledger.renew",
    "queues.come_back": "Inbox.come_back",
    "queues.send": "Outbox.send",
    "storage.find": "Storage.find",
}
THROTTLED = TransientError("ThrottlingException: Rate exceeded")
RETRY = (("transient",), ("completed",))


def call_of(label: str) -> str | None:
    """The port call of a step of the model; submit's and reconcile's ledger are one."""
    call = label.split()[0]
    if call in ("Ledger.look_up", "DueLedger.look_up"):
        return "look_up"
    return call if "." in call else None


def calls_of(real: RealWorld) -> list[str]:
    """The calls of the real use cases, in order. A lost object takes several calls of S3."""
    calls = [PORT_CALLS[step] for step in real.faults.steps if step in PORT_CALLS]
    return [
        call
        for index, call in enumerate(calls)
        if call != "Storage.find" or calls[index - 1 : index] != ["Storage.find"]
    ]


def upload(real: RealWorld) -> None:
    real.queues.put(SUBMIT_QUEUE, json.dumps(samples.upload("inputs/a.csv")))


def infer(real: RealWorld, outcome: str = "completed", copies: int = 1) -> None:
    for attempt in list(real.running):
        for notification in real.end(attempt, outcome, copies):
            real.publish(notification)


def nothing_goes_wrong(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real)
    real.deliver_to_route()


def s3_sends_an_event_twice(real: RealWorld) -> None:
    upload(real)
    real.deliver_to_submit(1)
    real.deliver_to_submit(1)
    infer(real)
    real.deliver_to_route()


class Reversal(Random):
    """Turns the order of messages round."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        x.reverse()


def s3_sends_an_event_twice_in_one_batch(real: RealWorld) -> None:
    upload(real)
    nothing_goes_wrong(real)


def submit_crashes_and_its_batch_comes_again_in_another_order(real: RealWorld) -> None:
    upload(real)
    real.faults.plan("ledger.claim", Crash(), after=True)
    real.deliver_to_submit()
    real.advance(270)
    real.queues.order = Reversal()
    nothing_goes_wrong(real)


def submit_crashes_behind_the_invocation(real: RealWorld) -> None:
    real.faults.plan("endpoint.invoke", Crash(), after=True)
    real.deliver_to_submit()
    real.advance(270)
    real.deliver_to_submit()
    infer(real)
    real.deliver_to_route(1)
    real.deliver_to_route(1)


def the_endpoint_refuses(real: RealWorld) -> None:
    real.faults.plan("endpoint.invoke", THROTTLED)
    real.deliver_to_submit()
    real.advance(60)
    nothing_goes_wrong(real)


def the_endpoint_does_not_answer(real: RealWorld) -> None:
    real.faults.plan("endpoint.invoke", Unanswered("read timed out"), after=True)
    real.deliver_to_submit()
    real.advance(60)
    real.deliver_to_submit()
    infer(real)
    real.deliver_to_route(1)
    real.deliver_to_route(1)


def another_attempt(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real, SERVER_ERROR)
    real.deliver_to_route()
    real.advance(60)
    nothing_goes_wrong(real)


def route_crashes_behind_the_send(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real)
    real.faults.plan("queues.send", Crash(), after=True)
    real.deliver_to_route()
    real.advance(270)
    real.deliver_to_route()


def the_mark_fails(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real)
    real.faults.plan("ledger.close", THROTTLED)
    real.deliver_to_route()
    real.advance(270)
    real.deliver_to_route()


def a_target_cannot_be_reached(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real)
    real.queues.trouble[samples.COMPLETED_QUEUE] = THROTTLED
    for _ in range(2):
        real.deliver_to_route()
        real.advance(900)
    real.queues.trouble.clear()
    real.deliver_to_route()


def one_of_two_targets_cannot_be_reached(real: RealWorld) -> None:
    archive = {"name": "archive", "to": "arn:aws:sqs:us-east-1:000000000000:archive"}
    document = json.loads(samples.ROUTES)
    document["routes"].append(archive)
    real.routes.replace(json.dumps(document))
    real.deliver_to_submit()
    infer(real)
    real.queues.trouble[archive["to"]] = THROTTLED
    real.deliver_to_route()
    real.advance(900)
    real.queues.trouble.clear()
    real.deliver_to_route()


def the_notification_is_lost(real: RealWorld) -> None:
    real.deliver_to_submit()
    infer(real, copies=0)
    real.advance(3 * 3600)
    real.run_reconcile()
    real.deliver_to_route()


@pytest.mark.parametrize(
    ("run", "world"),
    [
        (nothing_goes_wrong, World({})),
        (s3_sends_an_event_twice, World({Fault.S3_TWICE: 1})),
        (s3_sends_an_event_twice_in_one_batch, World({Fault.S3_TWICE: 1})),
        (
            submit_crashes_and_its_batch_comes_again_in_another_order,
            World({Fault.S3_TWICE: 1, Fault.SUBMIT_CRASHES: 1}),
        ),
        (submit_crashes_behind_the_invocation, World({Fault.SUBMIT_CRASHES: 1})),
        (the_endpoint_refuses, World({Fault.REFUSED: 1})),
        (the_endpoint_does_not_answer, World({Fault.INVOKE_UNSURE: 1})),
        (another_attempt, World({}, outcomes=RETRY)),
        (route_crashes_behind_the_send, World({Fault.ROUTE_CRASHES: 1})),
        (the_mark_fails, World({Fault.MARK_FAILS: 1})),
        (a_target_cannot_be_reached, World({Fault.TARGET_DOWN: 2})),
        (
            one_of_two_targets_cannot_be_reached,
            World({Fault.TARGET_DOWN: 1}, two_targets=True),
        ),
        (the_notification_is_lost, World({Fault.NOTIFICATION_LOST: 1})),
    ],
)
def test_what_the_real_use_cases_do_is_a_run_of_the_model(
    run: Callable[[RealWorld], None], world: World
) -> None:
    real = RealWorld()
    real.routes.replace(samples.ROUTES)
    upload(real)

    run(real)

    calls = calls_of(real)
    initial = initial_state(world)
    steps = Protocol(world, Design()).steps
    reached = runs_that_show(initial, steps, calls, call_of)
    ends = [state for state in reached if not any(step.fair for step in steps(state))]
    assert ends, f"the model does not do {calls}"
    results = real.queues.delivered(samples.COMPLETED_QUEUE)
    assert {count for state in ends for count in state.counts} == {len(results)} == {1}


def test_a_run_in_another_order_is_none_of_the_model() -> None:
    steps = Protocol(World({}), Design()).steps

    swapped = ["Endpoint.invoke", "Ledger.claim", "look_up", "Outbox.send", "Ledger.close"]

    assert not runs_that_show(initial_state(World({})), steps, swapped, call_of)

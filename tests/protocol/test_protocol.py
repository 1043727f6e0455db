"""The bounds that docs/explanation/delivery.md promises, checked over every state of the protocol.

The table there was written by hand. `pytest -s` prints what the explorer finds.
"""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
from relay import ports

from tests.protocol.explorer import Endless, Step, explore, runs_that_show
from tests.protocol.model import (
    ABSENT,
    OPEN,
    Design,
    Fault,
    Item,
    Message,
    Notice,
    World,
    initial_state,
)
from tests.protocol.protocol import Protocol, bounds, explored

DOCUMENT = Path(__file__).parents[2] / "docs/explanation/delivery.md"

ONCE = dict.fromkeys(Fault, 1)
TWICE = dict.fromkeys(Fault, 2)
IN_ROUTE = (
    Fault.NOTIFIED_TWICE,
    Fault.ROUTE_CRASHES,
    Fault.SEND_UNSURE,
    Fault.TARGET_DOWN,
    Fault.TARGET_HANGS,
    Fault.MARK_FAILS,
)
SUCCESS = (("completed",),)
RETRY = (("transient",), ("completed",))
FICKLE = (("completed", "permanent"),)

WORLDS: dict[str, World] = {
    "nothing goes wrong": World({}),
    **{str(fault): World({fault: 1}) for fault in Fault if not fault.startswith("reconcile")},
    "the notification is lost, then reconcile crashes": World(
        {Fault.NOTIFICATION_LOST: 1, Fault.RECONCILE_CRASHES: 1}
    ),
    "the notification is lost, then reconcile runs twice at once": World(
        {Fault.NOTIFICATION_LOST: 1, Fault.RECONCILED_AGAIN: 1}
    ),
    "any two of these": World(TWICE, at_most=2),
    "one of two targets cannot be reached": World({Fault.TARGET_DOWN: 1}, two_targets=True),
    "one of two targets hangs three times": World({Fault.TARGET_HANGS: 3}, two_targets=True),
    "a target is down for nine days": World({}, down_days=9),
    "the endpoint refuses for nine days": World({}, refusing_days=9),
    "two targets, and any two things go wrong in route": World(
        dict.fromkeys(IN_ROUTE, 2), at_most=2, two_targets=True
    ),
    "the model fails and another attempt succeeds": World({}, outcomes=RETRY),
    "the model fails and another attempt succeeds; any one of these": World(
        ONCE, at_most=1, outcomes=RETRY
    ),
    "submit crashes; the model ends the same input differently": World(
        {Fault.SUBMIT_CRASHES: 1}, outcomes=FICKLE
    ),
    "notifications wait until their attempt is overdue": World({}, overdue=True),
    "notifications wait until their attempt is overdue, and the model fails once": World(
        {}, overdue=True, outcomes=RETRY
    ),
}
COLUMNS = {"fifo": (True, False), "fifo, late": (True, True), "standard": (False, True)}


def promised() -> dict[str, list[str]]:
    """The cells of the document's tables of bounds, by row."""
    rows = {}
    for line in DOCUMENT.read_text().splitlines():
        name, *cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == len(COLUMNS) and name in WORLDS:
            rows[name] = cells
    return rows


def in_column(world: World, column: str) -> World:
    fifo, late = COLUMNS[column]
    return replace(world, fifo=fifo, late=late)


def test_the_document_has_a_row_for_every_world() -> None:
    assert set(promised()) == set(WORLDS)


@pytest.mark.parametrize("name", WORLDS)
def test_a_request_has_as_many_results_as_the_document_says(name: str) -> None:
    for column, cell in zip(COLUMNS, promised()[name], strict=True):
        if cell == "-":
            continue
        exploration = explored(in_column(WORLDS[name], column), Design())
        found = bounds(exploration)
        print(f"{name:75} {column:12} {found!s:5} {len(exploration.came_from):8,} states")

        odd = [end for end in exploration.ends if set(end.counts) != {1}]
        example = "\n".join(exploration.trace(odd[0])) if odd else ""
        assert str(found) == cell, f"{column}: {found} instead of {cell}\n{example}"
        assert found.fewest >= 1
        assert found.strays == 0


CALLS = {
    "DueLedger.look_up",
    "DueLedger.move_cursor",
    "Endpoint.invoke",
    "Inbox.come_back",
    "Ledger.claim",
    "Ledger.close",
    "Ledger.hold",
    "Ledger.look_up",
    "Ledger.release",
    "Ledger.renew",
    "Outbox.send",
    "Storage.find",
}
MISTAKES: dict[str, tuple[Design, World]] = {
    "mark, then send": (Design(send_first=False), World({Fault.ROUTE_CRASHES: 1})),
    "no reconciler": (Design(reconciler=False), World({Fault.NOTIFICATION_LOST: 1})),
    "the search moves on before it has reported": (
        Design(cursor_last=False),
        World({Fault.NOTIFICATION_LOST: 1, Fault.RECONCILE_CRASHES: 1}),
    ),
    "close what has arrived somewhere": (
        Design(closes_when="any arrived"),
        World({Fault.TARGET_DOWN: 1}, two_targets=True),
    ),
    "give up a notification after a day": (
        Design(give_up_days=1),
        World({}, down_days=9),
    ),
    "give up an upload after a day": (Design(give_up_days=1), World({}, refusing_days=9)),
    "invoke, then claim": (Design(claim_first=False), World({}, outcomes=RETRY)),
    "release a claim whenever the call failed": (
        Design(release="all that failed"),
        World({Fault.INVOKE_UNSURE: 1}, outcomes=RETRY),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_request_can_end_without_a_result_if_the_relay_were_to(mistake: str) -> None:
    design, world = MISTAKES[mistake]

    assert bounds(explored(world, design)).fewest == 0
    assert bounds(explored(world, Design())).fewest == 1


@pytest.mark.parametrize("outcomes", [SUCCESS, RETRY])
def test_claiming_after_invoking_makes_results_that_do_not_know_their_request(
    outcomes: tuple[tuple[str, ...], ...],
) -> None:
    found = bounds(explored(World({}, outcomes=outcomes), Design(claim_first=False)))

    assert found.strays > 0


def test_releasing_what_may_have_been_invoked_makes_strays_too() -> None:
    """submit crashes after the call, and the endpoint refuses the redelivery."""
    world = World({Fault.SUBMIT_CRASHES: 1, Fault.REFUSED: 1}, outcomes=RETRY)

    found = bounds(explored(world, Design(release="all that failed")))

    assert (found.fewest, found.strays) == (0, 1)
    assert bounds(explored(world, Design())).strays == 0


def test_a_claim_that_is_released_before_it_is_read_belongs_to_another_message() -> None:
    """The endpoint refuses the first of two messages, which releases the claim in between."""
    world = World({Fault.S3_TWICE: 1, Fault.REFUSED: 1})

    found = bounds(explored(world, Design(unread_claim="ours")))

    assert (found.most, found.strays) == (2, 1)
    assert bounds(explored(world, Design())).most == 1


def test_without_a_look_up_a_notification_that_comes_again_late_is_a_second_result() -> None:
    world = World({Fault.NOTIFIED_TWICE: 1}, late=True)

    assert bounds(explored(world, Design(look_up_first=False))).most == 2
    assert bounds(explored(world, Design())).most == 1


def test_without_memory_of_what_arrived_a_target_has_what_another_one_waits_for_twice() -> None:
    world = World({Fault.TARGET_DOWN: 1}, fifo=False, two_targets=True)

    assert bounds(explored(world, Design(remember_what_arrived=False))).most == 2
    assert bounds(explored(world, Design())).most == 1


def test_if_any_message_took_over_a_claim_a_repeated_event_would_be_inferred_twice() -> None:
    world = World({Fault.S3_TWICE: 1}, fifo=False)

    assert bounds(explored(world, Design(take_over="any message"))).most == 2
    assert bounds(explored(world, Design())).most == 1


def test_if_no_message_took_over_a_claim_a_crash_would_let_the_request_expire() -> None:
    world = World({Fault.SUBMIT_CRASHES: 1})

    assert any(end.failed for end in explored(world, Design(take_over="never")).ends)
    assert not any(end.failed for end in explored(world, Design()).ends)


def test_if_the_first_message_of_a_batch_spoke_a_crash_would_let_the_request_expire() -> None:
    """The second message made the claim, and both come again in one batch."""
    world = World({Fault.S3_TWICE: 1, Fault.SUBMIT_CRASHES: 1})

    assert any(end.failed for end in explored(world, Design(speaks="the first")).ends)
    assert not any(end.failed for end in explored(world, Design()).ends)


def test_if_a_target_that_hangs_outlasted_the_function_the_other_one_would_have_a_repeat() -> None:
    world = World({Fault.TARGET_HANGS: 1}, two_targets=True, late=True)

    assert bounds(explored(world, Design(hang="outlasts the function"))).most == 2
    assert bounds(explored(world, Design())).most == 1


def test_if_reconcile_reported_what_waits_for_a_target_a_standard_queue_would_have_it_twice() -> (
    None
):
    world = World({}, fifo=False, down_days=9)

    assert bounds(explored(world, Design(report_held=True))).most == 2
    assert bounds(explored(world, Design())).most == 1


def test_a_target_that_is_down_for_longer_than_a_message_may_wait_has_no_result() -> None:
    world = World({}, down_days=11)

    assert bounds(explored(world, Design())).most == 0


def test_without_a_line_of_attempts_a_report_that_comes_late_is_a_second_result() -> None:
    """route crashes after sending the retry; the rest may come when all is over."""
    world = World(
        {Fault.ROUTE_CRASHES: 1}, late=True, overdue=True, outcomes=RETRY, one_by_one=True
    )
    crash = ["Endpoint.invoke", "Outbox.send", "! route crashes"]

    def both_ends(design: Design) -> bool:
        steps = Protocol(world, design).steps
        crashed = runs_that_show(
            initial_state(world), steps, crash, lambda label: label if label in crash else None
        )
        return any(
            end.completed and end.failed
            for state in crashed
            if state.retries == 1
            for end in explore(state, steps).ends
        )

    assert both_ends(Design(retry_closes_the_last=False))
    assert not both_ends(Design())


def test_if_a_retry_closed_what_one_of_two_targets_has_there_would_be_two_results() -> None:
    """The retry was sent and not marked; then a late notification arrived at one of two targets."""
    world = World({}, outcomes=(("completed",), ("permanent",)), two_targets=True, fifo=False)
    begun = initial_state(world)._replace(
        uploads=frozenset({Message("retry 1", 2)}),
        notices=(Notice(1, "completed", from_relay=False),),
        ledger=(Item(OPEN, "upload", 0, held="COMPLETED", delivered=("first",)), ABSENT),
        retries=1,
        completed=1,
    )

    def found(design: Design) -> set[tuple[int, int, int | None]]:
        ends = explore(begun, Protocol(world, design).steps).ends
        return {(end.completed, end.failed, end.also) for end in ends}

    assert (1, 1, 1) in found(Design(retry_closes_what_arrived=True))
    assert found(Design()) == {(1, 0, 1)}


def test_every_port_call_in_the_model_exists() -> None:
    """Labels of steps begin with the port and method that they stand for."""
    kinds = (Fault.SUBMIT_CRASHES, Fault.REFUSED, Fault.NOTIFICATION_LOST, Fault.TARGET_DOWN)
    world = World(dict.fromkeys(kinds, 1))
    labels = {
        step.label
        for state in explored(world, Design()).came_from
        for step in Protocol(world, Design()).steps(state)
    }
    calls = {label.split()[0] for label in labels if "." in label.split()[0]}

    assert calls == CALLS
    for call in calls:
        port, method = call.split(".")
        assert inspect.isfunction(getattr(getattr(ports, port), method)), call


def test_the_explorer_notices_a_run_that_never_ends() -> None:
    def round_and_round(number: int) -> list[Step[int]]:
        return [Step("on", (number + 1) % 3)]

    with pytest.raises(Endless):
        explore(0, round_and_round)


def test_a_run_ends_where_only_faults_are_left() -> None:
    def steps(number: int) -> list[Step[int]]:
        return {0: [Step("go", 1)], 1: [Step("fault", 2, fair=False)], 2: []}[number]

    exploration = explore(0, steps)

    assert exploration.ends == (1, 2)
    assert exploration.trace(2) == ["go", "fault"]

"""The table of the endpoint's life: complete, free of contradictions, and printed in the docs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import respond, table
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType, StackChange
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.rollouts import Kind, Recipe, RollOut
from relay.provision.lifecycle.table import EARLY, TABLE, EarlyRow, Row
from relay.provision.specification.scaling import Registration

from tests.support.provisioning_fakes import ENDPOINT, STACK, specification

DOCS = Path(__file__).parents[5] / "docs" / "endpoint.md"
BEGIN, END = "<!-- table of lifecycle/table.py -->\n", "<!-- end of table -->\n"

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGET = specification(ModelDataUrl="s3://models/churn/2/model.tar.gz")
SERVING = specification().generation
UNUSED = specification(ModelDataUrl="s3://models/churn/0/model.tar.gz").generation
REQUEST = PendingRequest(RequestType.UPDATE, "u", "https://x", STACK, "Endpoint", ENDPOINT, NOON)


def bases(goal: Goal) -> Iterator[Record]:
    """Records with this goal, with all that can be made by then."""
    recipes = {SERVING.config: Recipe({"InstanceCount": "1"}, {})}
    for serving, unused, sure in product((True, False), repeat=3):
        record = Record(ENDPOINT, goal, registration=Registration(sure=sure))
        record = replace(record, unused=(UNUSED,) if unused else ())
        yield replace(record, generations=(SERVING,), recipes=recipes) if serving else record


def records(goal: Goal) -> Iterator[Record]:
    for record in bases(goal):
        if goal is not Goal.SERVE:  # only this goal has a target
            yield record
            continue
        config = TARGET.generation.config
        for creating, called in product((True, False), (None, config, SERVING.config)):
            heading = replace(record, target=TARGET, creating=creating)
            yield heading.attempted(called, NOON) if called else heading


def endpoints(status: EndpointStatus) -> Iterator[EndpointDescription]:
    if status is EndpointStatus.ABSENT:
        yield EndpointDescription(ENDPOINT, status)
        return
    configs = (TARGET.generation.config, SERVING.config, UNUSED.config, "another-owners")
    for config, later in product(configs, (0, 1)):
        changed_at = NOON + timedelta(minutes=later)
        yield EndpointDescription(ENDPOINT, status, config=config, last_modified=changed_at)


@pytest.mark.parametrize("status", EndpointStatus)
@pytest.mark.parametrize("goal", Goal)
def test_every_endpoint_meets_exactly_one_row(goal: Goal, status: EndpointStatus) -> None:
    for record, endpoint in product(records(goal), endpoints(status)):
        rows = [row for row in TABLE if row.applies(record, endpoint)]

        assert len(rows) == 1, (record, endpoint, rows)


@pytest.mark.parametrize("goal", Goal)
def test_every_record_meets_at_most_one_early_row(goal: Goal) -> None:
    change = StackChange({}, {}, creating=False)
    roll_out = RollOut("1", Kind.DEPLOY, "training", NOON)
    for base, pending, failure, stack_change, queued in product(
        records(goal), (None, REQUEST), ("", "no ping"), (None, change), (None, roll_out)
    ):
        record = replace(
            base, pending=pending, failure=failure, stack_change=stack_change, queued=queued
        )

        assert len([row for row in EARLY if row.applies(record)]) <= 1, record


@pytest.mark.parametrize("row", TABLE)
def test_every_row_applies_to_some_state(row: Row) -> None:
    assert any(
        row.applies(record, endpoint)
        for status in row.statuses
        for record, endpoint in product(records(row.goal), endpoints(status))
    )


@pytest.mark.parametrize("goal", [Goal.SERVE, Goal.ADOPT, Goal.REMOVE])
@pytest.mark.parametrize("status", [status for status in EndpointStatus if status.changing])
def test_what_sagemaker_is_changing_is_waited_for(goal: Goal, status: EndpointStatus) -> None:
    """It takes neither an update nor a deletion meanwhile."""
    for record, endpoint in product(records(goal), endpoints(status)):
        [row] = [row for row in TABLE if row.applies(record, endpoint)]

        assert row.step is respond.wait or table.foreign(record, endpoint)


# --- docs/endpoint.md -----------------------------------------------------------------------------


def words(function: Callable[..., object]) -> str:
    """The first line of a docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]


def step_of(row: Row | EarlyRow) -> str:
    module = row.step.__module__.rpartition(".")[2]
    return f"`{module}.{row.step.__name__}`: {words(row.step).rstrip('.')}"


def line(goals: list[Goal], statuses: str, conditions: list[str], row: Row | EarlyRow) -> str:
    names = ", ".join(f"`{goal.value}`" for goal in goals)
    return f"| {names} | {statuses} | {', and '.join(conditions)} | {step_of(row)} |\n"


def statuses(row: Row) -> str:
    names = [status.value for status in EndpointStatus if status in row.statuses]
    others = [status.value for status in EndpointStatus if status not in row.statuses]
    return f"any but {', '.join(others)}" if len(others) < 3 else ", ".join(names)


def rendered() -> str:
    lines = ["| goal | EndpointStatus | condition | step |\n", "| --- | --- | --- | --- |\n"]
    for early in EARLY:
        goals = [goal for goal in Goal if goal in early.goals]
        lines.append(line(goals, "not asked for", [words(early.when)], early))
    for row in TABLE:
        conditions = [words(condition) for condition in row.when]
        lines.append(line([row.goal], statuses(row), conditions, row))
    return "".join(lines)


def test_the_docs_show_the_table() -> None:
    """If this fails, put what is expected between the markers."""
    shown = DOCS.read_text().partition(BEGIN)[2].partition(END)[0]

    assert shown == rendered()

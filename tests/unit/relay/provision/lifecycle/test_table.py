"""The table of the endpoint's life: complete and free of contradictions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import respond, table
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType, StackChange
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Recipe, RollOut, RollOutKind
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.lifecycle.table import EARLY, TABLE, Row
from relay.provision.specification.scaling import Registration

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.requests import STACK

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
            yield heading.attempting(called, NOON) if called else heading


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
    roll_out = RollOut("1", RollOutKind.DEPLOY, "training", NOON)
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

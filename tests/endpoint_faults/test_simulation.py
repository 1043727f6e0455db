"""The run itself: it finds what it is for, and two invocations take turns."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from relay.aws.cloudformation import CloudFormationResponder
from relay.aws.sagemaker.control_plane import SageMakerControlPlane

from tests.endpoint_faults.matrix import Ended, Run, play
from tests.endpoint_faults.overlaps import Overlap, side_by_side
from tests.support.aws_fake.account import Account
from tests.support.aws_fake.faults import Kind


def broken(scenario: str, cls: type, method: str, instead: Callable[..., Any]) -> str:
    """What does not hold where a method of an adapter is another one."""
    with patch.object(cls, method, instead):
        return "; ".join(play(Run(scenario)).broken)


def nothing(*_: Any, **__: Any) -> None:
    """Do nothing, and say that it was done."""


def test_a_request_that_is_never_answered_is_found() -> None:
    found = broken("create", CloudFormationResponder, "deliver", nothing)

    assert "create-1-1 was not answered within the hour" in found


def test_a_model_that_is_left_is_found() -> None:
    found = broken("delete", SageMakerControlPlane, "delete_model", nothing)

    assert "SUCCESS to delete-1-2, but left: model relay-" in found


def test_an_update_that_never_happens_is_found() -> None:
    found = broken("update by model", SageMakerControlPlane, "update_endpoint", nothing)

    assert found


def test_a_bug_is_found() -> None:
    def bug(*_: Any) -> None:
        raise KeyError("EndpointArn")

    assert "raised KeyError" in broken("create", SageMakerControlPlane, "create_model", bug)


def test_the_same_run_has_the_same_calls() -> None:
    def log(ended: Ended) -> str:
        return ended.log

    run = Run("rename", "late", {80: Kind.LOST})

    assert log(play(run)) == log(play(run))


def test_an_event_is_tried_three_times() -> None:
    sim = play(Run("create", plan=dict.fromkeys(range(500), Kind.KILLED_BEFORE))).sim

    tries = [call.invocation for call in sim.account.calls.made if "create" in call.invocation]

    assert tries == ["create-1-1/1", "create-1-1/2", "create-1-1/3"]


@pytest.mark.parametrize(
    ("turns", "order"),
    [
        ((), "aaaabbbb"),
        ((0,), "bbbbaaaa"),
        ((2,), "aabbbbaa"),
        ((1, 2), "abbaaabb"),
        ((4,), "aaaabbbb"),
    ],
)
def test_two_invocations_take_turns(turns: tuple[int, ...], order: str) -> None:
    account, made = Account({}), []

    def work(name: str) -> None:
        account.calls.begin(name)
        for _ in range(4):
            account.clients.dynamodb.get_item(TableName="t", Key={"id": {"S": "a"}})
            made.append(name)

    overlap = Overlap(0, "sweep", turns)
    side_by_side(account.calls, overlap, lambda: work("a"), lambda: work("b"))

    assert "".join(made) == order


def test_a_seed_fixes_the_turns() -> None:
    runs = [Run("create", overlap=Overlap(0, "again", seed=seed)) for seed in (1, 1, 2)]

    first, again, other = (play(run).log for run in runs)

    assert first == again
    assert first != other


@pytest.mark.parametrize("text", ["sweep@12:3,2", "again@0:", "deploy@7:seed4"])
def test_an_overlap_is_read_as_it_is_written(text: str) -> None:
    assert str(Overlap.parse(text)) == text

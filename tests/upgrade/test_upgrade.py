"""Requests and roll-outs that one version leaves end well with another version of the code.

The versions share what outlives a deployment, and nothing else: the earlier one works in a process
of its own, from its own tree. `tests/e2e/upgrade/test_upgrade.py` deploys both on the local stack.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.stateful.world import ARCHIVE
from tests.support.samples import (
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_QUEUE,
)
from tests.upgrade import roll_outs, stages
from tests.upgrade.released import LEFT, SUBJECTS, NoHistory, Tree, left, released_tree
from tests.upgrade.roll_outs import STACKS, UNDER_WAY, WAITING

VERSIONS = sorted(each.name for each in LEFT.iterdir())
NOT_COMPLETED = ("failed", "rejected")
ACTS = {"stages": stages.ACTS, "roll_outs": roll_outs.ACTS}


def act(subject: str, what: str, given: Any = None) -> Any:
    """Have this version's code leave a deployment, or go on with one."""
    return ACTS[subject][what](given)


def require_one_result_each(document: Any) -> None:
    names = {request_id: name for name, request_id in document["requests"].items()}
    results = {
        url: sorted(names[request_id] for request_id in ids)
        for url, ids in document["delivered"].items()
    }
    assert results == {
        ARCHIVE: sorted(names.values()),
        COMPLETED_QUEUE: sorted({*names.values()} - {*NOT_COMPLETED}),
        FAILED_QUEUE: sorted(NOT_COMPLETED),
    }
    # Only what cannot be read is left, and it is still parked.
    (parked,) = document["queues"].pop(NOTIFICATION_DEAD_LETTERS)
    assert parked["body"] == "not JSON"
    assert parked["attributes"]["reason"].startswith("not JSON")
    assert document["queues"] == {}


def require_roll_outs_succeeded(ended: Any) -> None:
    assert ended == {
        "roll_outs": [
            [WAITING, "succeeded"],
            ["CloudFormation Update update-1", "succeeded"],
            [UNDER_WAY, "succeeded"],
            ["CloudFormation Create create-1", "succeeded"],
        ],
        "responses": [["update-1", ""]],
        "serves": [WAITING, STACKS],
    }


@pytest.mark.parametrize("version", VERSIONS)
class TestWhatAReleasedVersionHasLeft:
    def test_is_a_request_at_every_stage(self, version: str) -> None:
        document = left("stages", version)

        queues = {url: len(messages) for url, messages in document["queues"].items()}
        states = {
            name: document["table"].get(request_id, {}).get("state", {}).get("S")
            for name, request_id in document["requests"].items()
        }
        assert queues == {SUBMIT_QUEUE: 5, NOTIFICATION_QUEUE: 4, NOTIFICATION_DEAD_LETTERS: 1}
        assert {name for name, state in states.items() if state is None} == {"queued", "called"}
        assert states["retried"] == "RETRIED"
        assert sum(state == "OPEN" for state in states.values()) == 9

    def test_ends_in_one_result_for_each_request(self, version: str) -> None:
        require_one_result_each(act("stages", "go_on", left("stages", version)))

    def test_ends_in_the_roll_outs_that_were_asked_for(self, version: str) -> None:
        require_roll_outs_succeeded(act("roll_outs", "go_on", left("roll_outs", version)))


class TestTheLastReleasedVersion:
    @pytest.mark.parametrize("subject", SUBJECTS)
    def test_leaves_what_was_recorded(self, earlier: Tree, subject: str) -> None:
        assert earlier.act(subject, "record") == left(subject, VERSIONS[-1])

    def test_and_this_one_may_follow_each_other_in_any_order(self, earlier: Tree) -> None:
        """An upgrade that is cut off, rolled back, and repeated."""
        document = earlier.act("stages", "record")
        for turn in (act, earlier.act, act, earlier.act):
            document = turn("stages", "a_while", document)

        require_one_result_each(act("stages", "go_on", document))

    def test_goes_on_with_what_this_version_leaves(self, earlier: Tree) -> None:
        """A rollback of the deployment."""
        document = act("stages", "record")

        require_one_result_each(earlier.act("stages", "go_on", document))

    def test_goes_on_with_the_roll_outs_of_this_version(self, earlier: Tree) -> None:
        document = act("roll_outs", "record")

        require_roll_outs_succeeded(earlier.act("roll_outs", "go_on", document))


def test_a_clone_without_the_history_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoHistory, match="no commit 0123456.*git fetch --unshallow"):
        released_tree(tmp_path, "0123456789" * 4)

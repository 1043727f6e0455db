"""`relayctl` on the local stack, from uploads to resubmissions, as a person types it."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from local.stack.environment import child_variables
from local.stack.settings import REPOSITORY
from tests.acceptance.targets.target import eventually
from tests.support.relayctl.process import RelayctlProcess
from tests.support.stack import RunningStack

ROW = (REPOSITORY / "examples" / "order.csv").read_bytes()


@pytest.fixture
def relayctl(stack: RunningStack) -> RelayctlProcess:
    return RelayctlProcess(stack)


@pytest.fixture
def prefix() -> str:
    """A folder of this test's own."""
    return f"inputs/relayctl-{uuid.uuid4().hex[:8]}/"


def test_a_body_is_submitted_and_its_output_printed(relayctl: RelayctlProcess) -> None:
    found = relayctl.document("submit", "--body", ROW.decode(), "--wait", seconds=180)

    (ended,) = found["ended"]
    assert ended["outcome"] == "completed"
    assert 0 < float(ended["output"]) < 1


def test_failed_uploads_are_found_explained_and_resubmitted(
    relayctl: RelayctlProcess, prefix: str, tmp_path: Path
) -> None:
    for number in range(8):
        (tmp_path / f"row {number}.csv").write_bytes(ROW if number else b"no,numbers")

    submitted = relayctl.document(
        "submit", str(tmp_path), "--prefix", prefix, "--wait", exits=1, seconds=180
    )

    outcomes = [each["outcome"] for each in submitted["ended"]]
    assert sorted(outcomes) == ["completed"] * 7 + ["failed"]
    selected = ("--since", "10m", "--prefix", prefix)
    assert relayctl.document("count", *selected)["state"] == {"completed": 7, "failed": 1}
    (failed,) = relayctl.document("list", *selected, "--state", "failed")["requests"]
    text = relayctl("status", failed["request_id"], exits=1).stdout
    assert "permanent (client error 400 of the model)" in text
    assert f"relayctl resubmit {failed['request_id']}" in text

    (new,) = relayctl.document("resubmit", *selected, "--yes")["resubmitted"]

    again = new["request_id"]
    assert new["resubmission_of"] == failed["request_id"]
    relayctl("resubmit", failed["request_id"], "--yes")
    eventually(lambda: state(relayctl, again) == "failed", 60, "the new failure")
    (old,) = (
        each
        for each in relayctl.document("list", *selected, "--state", "failed")["requests"]
        if each["request_id"] == failed["request_id"]
    )
    assert old["resubmitted_as"] == again


def state(relayctl: RelayctlProcess, request_id: str) -> str:
    """The state of a request among those of the last minutes."""
    listed = relayctl.document("list", "--since", "10m", "--limit", "1000")["requests"]
    states: list[str] = [each["state"] for each in listed if each["request_id"] == request_id]
    return "".join(states)


def test_tail_follows_requests_until_it_is_interrupted(
    stack: RunningStack, relayctl: RelayctlProcess, prefix: str, tmp_path: Path
) -> None:
    (tmp_path / "row.csv").write_bytes(ROW)
    tail = subprocess.Popen(
        [sys.executable, "-m", "relayctl", "tail", "--prefix", prefix, "--json"],
        cwd=REPOSITORY,
        env=child_variables(stack.settings, os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A run of tests in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        relayctl("submit", str(tmp_path / "row.csv"), "--prefix", prefix)
        assert tail.stdout is not None
        states = []
        while "completed" not in states:
            states.append(json.loads(tail.stdout.readline())["state"])
    finally:
        tail.send_signal(signal.SIGINT)
        _, err = tail.communicate(timeout=60)

    assert states[-1] == "completed"
    assert tail.returncode == 0, err

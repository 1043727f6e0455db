"""A short run of chaos on a stack of its own. `make chaos` is the long one, which kills as well."""

import os
import re
import subprocess
import sys

import pytest

from local.settings import REPOSITORY

_UPLOADS = 120
# With this seed the emulator loses and fails a few of the first hundred.
_SEED = 7

_SUMMARY = re.compile(
    r"chaos: uploaded=(\d+) results=(\d+) lost=(\d+) duplicated=(\d+) "
    r"recovered=(\d+) retried=(\d+) expired=(\d+) parked=(\d+)"
)


# Two minutes pass until a lost notification is overdue and the schedule has come round to it.
@pytest.mark.timeout(600)
def test_every_upload_ends_in_one_result_while_notifications_and_inferences_fail() -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "local.chaos", "--uploads", str(_UPLOADS)),
            *("--seed", str(_SEED), "--kill"),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"RELAY_LOCAL_DIR": str(REPOSITORY / ".local" / "tests-chaos")},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    summary = _SUMMARY.fullmatch(run.stdout.splitlines()[-1])
    assert summary is not None
    uploaded, results, lost, duplicated, recovered, retried, _, parked = map(int, summary.groups())
    assert (uploaded, results) == (_UPLOADS, _UPLOADS)
    assert (lost, duplicated, parked) == (0, 0, 0)
    # Otherwise nothing went wrong, and nothing was shown.
    assert recovered > 0
    assert retried > 0

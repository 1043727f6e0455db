"""A short run of chaos on a stack of its own. `make chaos` is the long one, which kills as well."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.chaos.course import UPLOADS

_SUMMARY = re.compile(
    r"chaos: uploaded=(\d+) results=(\d+) lost=(\d+) duplicated=(\d+) "
    r"recovered=(\d+) retried=(\d+) expired=(\d+) parked=(\d+)"
)


@pytest.mark.timeout(600)
def test_every_upload_ends_in_one_result_while_notifications_and_inferences_fail(
    chaos: subprocess.Popen[bytes], chaos_log: Path
) -> None:
    exit_code = chaos.wait(580)

    text = chaos_log.read_text()
    assert exit_code == 0, text
    summary = _SUMMARY.fullmatch(text.splitlines()[-1])
    assert summary is not None, text
    uploaded, results, lost, duplicated, recovered, retried, _, parked = map(int, summary.groups())
    assert (uploaded, results) == (UPLOADS, UPLOADS)
    assert (lost, duplicated) == (0, 0)
    assert parked == _times("poisoned messages", text)
    # Otherwise nothing went wrong, and nothing was shown.
    assert recovered > 0
    assert retried > 0
    assert parked > 0
    assert _times("windows in which a service hung", text) > 0


def _times(what: str, text: str) -> int:
    """A number of the table that the command prints."""
    row = re.search(rf"^{what}\s+([\d,]+)$", text, re.MULTILINE)
    assert row is not None, text
    return int(row[1].replace(",", ""))

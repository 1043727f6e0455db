"""A short run of chaos on a stack of its own: the page during the run, and the results after it.

`make chaos` is the long one.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack.environment import read_environment_file
from local.stack.settings import StackSettings
from tests.acceptance.targets.target import eventually
from tests.e2e.chaos.course import DIRECTORY, UPLOADS, running_chaos
from tests.support.console.checks import check
from tests.support.console.chromium import CHROMIUM, Tab, chromium
from tests.support.console.process import console

_DEPLOY_SECONDS = 300
_LOOK_SECONDS = 80
# Each page, with what is there once its content has come.
_PAGES = {
    "/": ".uplot canvas",
    "/requests?since=24h": "#live > *",
    "/parked": "#live details, #live .empty strong",
    "/endpoint": ".timeline li",
    "/routes": "#check table",
    "/local": ".switches li",
}
_NUMBERS = "document.querySelector('svg.picture').textContent"
_SUMMARY = re.compile(
    r"chaos: uploaded=(\d+) results=(\d+) lost=(\d+) duplicated=(\d+) "
    r"recovered=(\d+) retried=(\d+) expired=(\d+) parked=(\d+)"
)


@pytest.fixture(scope="module")
def chaos_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos") / "log"


@pytest.fixture(scope="module")
def chaos(chaos_log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running_chaos(chaos_log) as running:
        yield running


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.timeout(_DEPLOY_SECONDS + 300)
def test_the_page_holds_while_everything_goes_wrong(
    chaos: subprocess.Popen[bytes], chaos_log: Path
) -> None:
    eventually(
        lambda: chaos.poll() is not None or "things go wrong" in chaos_log.read_text(),
        _DEPLOY_SECONDS,
        "a deployed stack",
    )
    assert chaos.poll() is None, chaos_log.read_text()
    environment = read_environment_file(
        StackSettings.from_environment({"RELAY_LOCAL_DIR": str(DIRECTORY / "chaos")})
    )

    seen: set[str] = set()
    with console(environment) as address, chromium() as tab:
        tab.screen(1280, 900)
        tab.open(address)
        origin = address.partition("/?")[0]
        until = time.monotonic() + _LOOK_SECONDS
        while time.monotonic() < until:
            for path, there in _PAGES.items():
                _look(tab, origin + path, there)
                if path == "/":
                    seen.add(str(tab.run(_NUMBERS)))

    assert chaos.poll() is None, "chaos ended before the page was looked at"
    assert len(seen) > 1, seen


def _look(tab: Tab, address: str, there: str) -> None:
    tab.open(address)
    tab.until(f"document.querySelector('{there}') !== null")
    check(tab)


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

"""The page of `relayctl console` beside chaos, in Chromium: numbers move, and nothing breaks.

Chaos begins with this test, on a stack of its own, while most of the other tests have not begun.
"""

import subprocess
import time
from pathlib import Path

import pytest

from local.stack.environment import read_environment_file
from local.stack.settings import StackSettings
from tests.acceptance.targets.target import eventually
from tests.e2e.chaos.course import DIRECTORY
from tests.support.console.checks import check
from tests.support.console.chromium import CHROMIUM, Tab, chromium
from tests.support.console.process import console

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

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

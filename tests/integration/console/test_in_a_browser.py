"""Every page in Chromium, over a deployment in memory."""

from collections.abc import Iterator

import pytest

from relayctl.console.security import Guard
from tests.support.console.checks import check
from tests.support.console.chromium import CHROMIUM, Tab, chromium
from tests.support.console.page import ConsoleDeployment
from tests.support.console.server import served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

REQUEST = "inputs/orders/20046.csv"
PAGES = {
    "/": ".picture .box",
    "/requests?state=failed&state=completed": "tbody tr",
    "/requests?reason=nothing-has-this": ".empty",
    f"/request?of={REQUEST}": ".look .cells, .look pre",
    "/parked": "#live details",
    "/endpoint": ".timeline li",
    "/routes": "#check table",
    "/backfills": "progress",
    "/local": ".switches li",
    "/nothing": ".narrow h1",
}


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with served() as guard:
        yield guard


@pytest.fixture(scope="module")
def browser(guard: Guard) -> Iterator[Tab]:
    with chromium() as tab:
        tab.open(guard.address)
        yield tab


@pytest.fixture
def tab(browser: Tab) -> Tab:
    browser.log.clear()
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 320])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everybody(
    tab: Tab, guard: Guard, path: str, width: int, scheme: str
) -> None:
    tab.screen(width, 900, scheme)

    tab.open(guard.origin + path)
    tab.until(f"document.querySelector('{PAGES[path]}') !== null")

    # Chromium itself logs that the page is not found.
    tab.log[:] = [each for each in tab.log if path != "/nothing" or "404" not in each]
    check(tab)


def test_charts_are_drawn_in_both_schemes(tab: Tab, guard: Guard) -> None:
    colors = []
    for scheme in ("light", "dark"):
        tab.screen(1280, 900, scheme)
        tab.open(guard.origin)
        tab.until("document.querySelectorAll('.uplot canvas').length === 3")
        colors.append(tab.run("getComputedStyle(document.body).backgroundColor"))

    assert tab.until("document.querySelector('[data-line=completed] b').textContent > 100")
    assert colors[0] != colors[1]


def test_an_open_page_follows_the_scheme(tab: Tab, guard: Guard) -> None:
    tab.screen(1280, 900, "light")
    tab.open(guard.origin)
    tab.until("document.querySelectorAll('.uplot canvas').length === 3")
    tab.run("window.before = document.querySelector('.uplot')")

    tab.screen(1280, 900, "dark")

    tab.until("document.querySelector('.uplot') !== window.before")
    check(tab)


class TestTheKeyboard:
    def test_reaches_the_content_first(self, tab: Tab, guard: Guard) -> None:
        tab.open(guard.origin)

        tab.press("Tab")
        assert tab.run("document.activeElement.textContent") == "Skip to the content"
        tab.press("Enter")

        assert tab.until("document.activeElement.id === 'main'")

    def test_reaches_everything_and_shows_where_it_is(self, tab: Tab, guard: Guard) -> None:
        tab.screen(1280, 900)
        tab.open(f"{guard.origin}/local")
        count = tab.run(
            "[...document.querySelectorAll('a, button, input:not([type=hidden]), select')]"
            ".filter((each) => each.checkVisibility()).length"
        )

        reached = set()
        for _ in range(count + 1):
            tab.press("Tab")
            shown = tab.run(
                "(() => { const each = document.activeElement; const style = "
                "getComputedStyle(each); each.dataset.at ??= String(Math.random()); return "
                "[each.tagName, each.dataset.at, style.outlineStyle]; })()"
            )
            if shown[0] != "BODY":
                reached.add(shown[1])
                assert shown[2] != "none", shown

        assert len(reached) == count

    def test_keeps_its_place_when_numbers_are_refreshed(self, tab: Tab, guard: Guard) -> None:
        tab.screen(1280, 900)
        tab.open(guard.origin)
        tab.run("(document.getElementById('box-wide-dead')).focus()")
        tab.run("window.before = document.getElementById('box-wide-dead')")

        tab.until("!window.before.isConnected")

        tab.until("document.activeElement.id === 'box-wide-dead'")

    def test_asks_and_answers(self, tab: Tab) -> None:
        deployment = ConsoleDeployment()
        deployment.queues.put("SubmitDeadLetterQueue", "junk")
        with served(deployment) as guard:
            tab.open(guard.address)
            tab.open(f"{guard.origin}/parked")
            tab.until("document.querySelector('button[value=drop]') !== null")
            tab.run("document.querySelector('button[value=drop]').focus()")
            tab.press("Enter")
            tab.until("document.activeElement?.textContent === 'Drop'")
            assert tab.run("location.pathname") == "/parked/ask"

            tab.press("Enter")

            tab.until("document.body.textContent.includes('1 message was deleted.')")
        assert deployment.queues.on("SubmitDeadLetterQueue") == []


def test_a_document_is_checked_while_a_person_types(tab: Tab, guard: Guard) -> None:
    tab.open(f"{guard.origin}/routes")
    tab.run("document.getElementById('document').focus()")
    assert "can be used" in tab.run("document.getElementById('check').textContent")

    tab.call("Input.insertText", text="x")

    tab.until("document.getElementById('check').textContent.includes('cannot be used')")
    assert tab.run("document.activeElement.id") == "document"
    check(tab)


def test_a_script_in_what_others_wrote_does_not_run(tab: Tab) -> None:
    deployment = ConsoleDeployment()
    script = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
    deployment.queues.put("SubmitDeadLetterQueue", script)
    with served(deployment) as guard:
        tab.open(guard.address)
        tab.open(f"{guard.origin}/parked")
        tab.until("document.querySelector('pre.body') !== null")

        assert tab.run("document.querySelector('pre.body').textContent") == script
        assert tab.run("document.querySelectorAll('main img, main script').length") == 0
        assert "ran" not in tab.run("document.title")
    check_nothing_was_refused(tab)


def check_nothing_was_refused(tab: Tab) -> None:
    """What is escaped needs no policy that stops it."""
    assert tab.log == []


def test_a_page_whose_server_ended_says_so(tab: Tab) -> None:
    with served() as guard:
        tab.open(guard.address)
        tab.until("document.querySelector('.picture') !== null")
        assert tab.run("document.getElementById('lost').hidden")

    tab.until("!document.getElementById('lost').hidden")

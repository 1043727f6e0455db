"""What holds for every page of `relayctl console`, looked at in a browser.

Names are those that Chromium computes for screen readers. Contrast is that of WCAG 2.2, AA:
https://www.w3.org/TR/WCAG22/#contrast-minimum
"""

from pathlib import Path

from tests.support.console.chromium import Tab

# Roles of what a person operates, which need a name: https://www.w3.org/TR/wai-aria-1.2/
_NAMED = {
    "button",
    "checkbox",
    "combobox",
    "figure",
    "image",
    "link",
    "listbox",
    "navigation",
    "radio",
    "region",
    "searchbox",
    "spinbutton",
    "textbox",
}
_CONTRASTS = Path(__file__).with_name("contrast.js").read_text()
_TOO_WIDE = """
[...document.querySelectorAll("main *, header *")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 0.5)
  .filter((each) => !each.closest(".cells, pre, .unseen, svg"))
  .map((each) => each.outerHTML.slice(0, 80))
"""
MOST_LAYOUT_SHIFT = 0.02


def check(tab: Tab) -> None:
    """Raise AssertionError if the page in a tab is not for everybody, or has an error."""
    assert tab.log == []
    nameless = {role for role, name in tab.names() if role in _NAMED and not name.strip()}
    assert nameless == set(), nameless
    contrasts = tab.run(_CONTRASTS)
    assert contrasts["bad"] == []
    assert contrasts["looked"] > 5
    assert tab.run("document.querySelectorAll('h1').length") == 1
    assert tab.run("document.querySelectorAll('main').length") == 1
    ids = tab.run("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids)), ids
    assert tab.run("document.documentElement.scrollWidth <= innerWidth"), tab.run(_TOO_WIDE)
    assert tab.run("window.layoutShift") <= MOST_LAYOUT_SHIFT

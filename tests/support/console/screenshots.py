"""Writes the pictures of the page in docs/images, from a stack in memory.

python -m tests.support.console.screenshots
"""

import sys
from pathlib import Path

from local.stack.settings import REPOSITORY
from tests.support.console.chromium import CHROMIUM, Tab, chromium
from tests.support.console.server import served

IMAGES = REPOSITORY / "docs/images"
# What is on a page, by the names of the files: its address, the window, the scheme, and what is
# there once the page has been drawn.
PICTURES = {
    "console-overview": ("/", 1200, 880, "light", ".uplot canvas"),
    "console-overview-dark": ("/", 1200, 880, "dark", ".uplot canvas"),
    "console-requests": ("/requests?state=failed&state=rejected", 1200, 700, "light", "tbody tr"),
    "console-request": (
        "/request?of=inputs/orders/20046.csv",
        1200,
        860,
        "light",
        ".look pre, .look .cells",
    ),
    "console-parked": ("/parked", 1200, 520, "light", "#live details"),
    "console-endpoint": ("/endpoint", 1200, 860, "light", ".timeline li"),
    "console-routes": ("/routes", 1200, 760, "light", "#check table"),
    "console-phone": ("/", 360, 720, "light", ".picture .box"),
}


def main() -> int:
    """Write every picture."""
    if CHROMIUM is None:
        print("the pictures are taken with Chromium: install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with served() as guard, chromium() as tab:
        tab.open(guard.address)
        for name, picture in PICTURES.items():
            _take(tab, guard.origin, IMAGES / f"{name}.png", *picture)
    return 0


def _take(
    tab: Tab, origin: str, file: Path, path: str, width: int, height: int, scheme: str, there: str
) -> None:
    tab.screen(width, height, scheme)
    tab.open(origin + path)
    tab.until(f"document.querySelector('{there}') !== null")
    tab.picture(file)
    print(f"{file.relative_to(REPOSITORY)}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())

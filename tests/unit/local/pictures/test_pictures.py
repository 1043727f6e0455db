"""The pictures of the documentation: complete, legible, and in step with their pages."""

import re
import tomllib
from xml.etree import ElementTree

import pytest

from local.pictures.diagram import diagram
from local.stack.settings import REPOSITORY
from tests.template.reference_pages.pictures import IMAGES, pictures

PICTURES = pictures()
PAGE = REPOSITORY / "docs/explanation/the-path-of-a-request.md"
SVG = "{http://www.w3.org/2000/svg}"
# What the widest letters of a sans-serif font take, in parts of the size of the font.
LETTER = 0.62
SIZES = {"name": 14, "lane": 12.5, "note": 12.5, "number": 11.5}

BOXES = """
title = "A picture"
description = "Two boxes"
arrows = [{ from = "one right", to = "two left" }]
[boxes.one]
at = [0, 0]
kind = "queue"
name = "One"
[boxes.two]
at = [1, 0]
kind = "queue"
name = "Two"
"""


@pytest.mark.parametrize("name", PICTURES)
def test_a_screen_reader_finds_a_title_and_a_description(name: str) -> None:
    svg = ElementTree.fromstring(PICTURES[name])  # noqa: S314 - the project's own picture

    assert svg.get("role") == "img"
    for part in (svg.get("aria-labelledby") or "").split():
        (found,) = (each for each in svg if each.get("id") == part)
        assert found.text


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_loads_nothing_and_runs_nothing(name: str) -> None:
    assert not re.search(r"href|@import|<script|url\((?!#)", PICTURES[name])


@pytest.mark.parametrize("name", PICTURES)
def test_no_word_leaves_the_picture(name: str) -> None:
    svg = ElementTree.fromstring(PICTURES[name])  # noqa: S314
    for text in svg.iter(f"{SVG}text"):
        size = SIZES.get((text.get("class") or "").split(" ")[0], 13)
        width = len(text.text or "") * size * LETTER
        x = float(text.get("x") or 0)
        anchor = text.get("text-anchor")
        left = {"start": x, "middle": x - width / 2, "end": x - width}[str(anchor)]

        assert left >= 0, text.text
        assert left + width <= float(svg.get("width") or 0), text.text


@pytest.mark.parametrize("name", ["path-of-a-request", "lost-notification"])
def test_the_page_explains_each_step_of_the_picture(name: str) -> None:
    steps = tomllib.loads((IMAGES / f"{name}.toml").read_text())["steps"]
    _, _, after = PAGE.read_text().partition(f"{name}.svg)")
    table = after.split("\n\n")[1]

    numbers = [str(step["number"]) for step in steps if "number" in step]

    # The second picture ends with a step of the first.
    explained = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)[1:]
    assert explained == [each for each in numbers if name != "lost-notification" or each != "7"]


def test_an_arrow_leads_from_one_box_to_the_other() -> None:
    svg = diagram(BOXES)

    # 160 pixels of the first box after a margin of 20, and a gap of 36.
    assert 'd="M180 53 L216 53"' in svg


@pytest.mark.parametrize(
    ("wrong", "error"),
    [("one righ", ValueError), ("one right +x", ValueError), ("three right", KeyError)],
)
def test_an_arrow_without_a_place_is_refused(wrong: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=wrong.split()[0]):
        diagram(BOXES.replace("one right", wrong))

"""A sequence of messages between participants, from top to bottom.

A text in TOML declares it. A step without `to` is work of the participant that it is `from`.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from local.pictures.svg import Picture

_LANE, _HEAD = 102, 48
_BETWEEN = 18
_MARGIN = 20
_STEP = 44
_DISC = 10


def sequence(text: str) -> str:
    """Return the sequence that a text declares, as SVG. Raises ValueError or KeyError."""
    declared = tomllib.loads(text)
    lanes: Mapping[str, Mapping[str, Any]] = declared["lanes"]
    between = declared.get("between", _BETWEEN)
    middle = {
        name: _MARGIN + _LANE / 2 + place * (_LANE + between) for place, name in enumerate(lanes)
    }
    heights = [each.get("height", _STEP) for each in declared["steps"]]
    bottom = _MARGIN + _HEAD + sum(heights) + 14
    width = 2 * _MARGIN + len(lanes) * (_LANE + between) - between
    picture = Picture(declared["title"], declared["description"], width, bottom + _MARGIN)
    for name, lane in lanes.items():
        x = middle[name]
        picture.line(f"M{x:g} {_MARGIN + _HEAD} V{bottom}", "life")
        picture.box(x - _LANE / 2, _MARGIN, _LANE, _HEAD, lane["kind"])
        _heading(picture, x, lane["name"])
    y = _MARGIN + _HEAD + 10.0
    for step, height in zip(declared["steps"], heights, strict=True):
        y += height
        _step(picture, middle, step, y - 12)
    return picture.to_svg()


def _heading(picture: Picture, x: float, names: list[str]) -> None:
    for row, name in enumerate(names):
        y = _MARGIN + _HEAD / 2 + 4.5 + 16 * (row - (len(names) - 1) / 2)
        picture.words(x, y, name, "lane")


def _step(picture: Picture, middle: Mapping[str, float], step: Mapping[str, Any], y: float) -> None:
    x = middle[step["from"]]
    kind = step.get("kind", "flow")
    if "to" not in step:
        _work(picture, x, y, step)
        return
    to_x = middle[step["to"]]
    side = 1 if to_x > x else -1
    dashed = " dashed" if step.get("answer") else ""
    picture.line(f"M{x:g} {y:g} H{to_x - 2 * side:g}", f"to-{kind}{dashed}")
    anchor = "start" if side > 0 else "end"
    begin = x + side * (_DISC + 6 if "number" in step else 8)
    picture.words(begin, y - 8, step["text"], f"label {kind}-words", anchor)
    _number(picture, x, y, step)


def _work(picture: Picture, x: float, y: float, step: Mapping[str, Any]) -> None:
    """Draw a box on the line of a participant, for what it does by itself."""
    width, height = step.get("width", _LANE), 18 + 16 * len(step["lines"])
    top = y + 4 - height
    picture.box(x - width / 2, top, width, height, step.get("kind", "outside"))
    for row, line in enumerate(step["lines"], 1):
        picture.words(x, top + 5 + 16 * row, line, "")
    _number(picture, x - width / 2, y + 4 - height / 2, step)


def _number(picture: Picture, x: float, y: float, step: Mapping[str, Any]) -> None:
    if "number" in step:
        picture.add(f'<circle class="disc" cx="{x:g}" cy="{y:g}" r="{_DISC}"/>')
        picture.words(x, y + 4, str(step["number"]), "number")

"""A diagram of boxes on a grid, and of arrows between their sides.

A text in TOML declares it. A box has its column and its row; a place of an arrow is the name of a
box, a side of it, and where on the side, in pixels from its middle: `submit bottom -30`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from local.pictures.svg import Picture

_WIDTH, _HEIGHT = 160, 66
_GAP, _FALL = 36, 52
_MARGIN = 20
_CORNER = 8
# Where the middle of a side is, from the middle of its box, and where an arrow leaves it.
_SIDES = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}
_PLACE = re.compile(r"(\w+) (left|right|top|bottom)(?: ([+-]\d+))?")

Point = tuple[float, float]


def diagram(text: str) -> str:
    """Return the diagram that a text declares, as SVG. Raises ValueError or KeyError."""
    declared = tomllib.loads(text)
    boxes: Mapping[str, Mapping[str, Any]] = declared["boxes"]
    columns = max(box["at"][0] for box in boxes.values())
    rows = max(box["at"][1] for box in boxes.values())
    picture = Picture(
        declared["title"],
        declared["description"],
        2 * _MARGIN + _WIDTH + columns * (_WIDTH + _GAP),
        2 * _MARGIN + _HEIGHT + rows * (_HEIGHT + _FALL),
    )
    for arrow in declared["arrows"]:
        _arrow(picture, boxes, arrow)
    for box in boxes.values():
        x, y = _middle(box)
        dashed = " dashed" if box["kind"] == "dead" else ""
        picture.box(x - _WIDTH / 2, y - _HEIGHT / 2, _WIDTH, _HEIGHT, box["kind"] + dashed)
        picture.lines(x, y, box["name"], box.get("notes", ()))
    for arrow in declared["arrows"]:
        _label(picture, boxes, arrow)
    return picture.to_svg()


def _middle(box: Mapping[str, Any]) -> Point:
    column, row = box["at"]
    return (
        _MARGIN + _WIDTH / 2 + column * (_WIDTH + _GAP),
        _MARGIN + _HEIGHT / 2 + row * (_HEIGHT + _FALL),
    )


def _corners(boxes: Mapping[str, Mapping[str, Any]], arrow: Mapping[str, Any]) -> list[Point]:
    """Return where an arrow begins, turns and ends."""
    (x, y), upright = _place(boxes, arrow["from"])
    (to_x, to_y), arrives_upright = _place(boxes, arrow["to"])
    if x == to_x or y == to_y:
        return [(x, y), (to_x, to_y)]
    part = arrow.get("turn", 0.5)
    turn_x, turn_y = x + part * (to_x - x), y + part * (to_y - y)
    turns = {
        (True, True): [(x, turn_y), (to_x, turn_y)],
        (False, False): [(turn_x, y), (turn_x, to_y)],
        (True, False): [(x, to_y)],
        (False, True): [(to_x, y)],
    }[upright, arrives_upright]
    return [(x, y), *turns, (to_x, to_y)]


def _place(boxes: Mapping[str, Mapping[str, Any]], place: str) -> tuple[Point, bool]:
    """Return a point on the side of a box, and whether an arrow is upright there."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"'{place}' is not a box, a side and where on the side")
    x, y = _middle(boxes[found[1]])
    along = float(found[3] or 0)
    right, down = _SIDES[found[2]]
    upright = down != 0
    return (
        x + right * _WIDTH / 2 + (along if upright else 0),
        y + down * _HEIGHT / 2 + (0 if upright else along),
    ), upright


def _arrow(
    picture: Picture, boxes: Mapping[str, Mapping[str, Any]], arrow: Mapping[str, Any]
) -> None:
    points = _rounded(_corners(boxes, arrow))
    kind = arrow.get("kind", "flow")
    picture.line(points, "under")
    picture.line(points, f"to-{kind}" + (" dashed" if arrow.get("dashed") else ""))


def _rounded(corners: Sequence[Point]) -> str:
    """Return the path through corners, with each turn rounded."""
    path = f"M{corners[0][0]:g} {corners[0][1]:g}"
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        path += f" L{start[0]:g} {start[1]:g} Q{corner[0]:g} {corner[1]:g} {end[0]:g} {end[1]:g}"
    return path + f" L{corners[-1][0]:g} {corners[-1][1]:g}"


def _towards(corner: Point, other: Point) -> Point:
    x, y = other[0] - corner[0], other[1] - corner[1]
    part = min(_CORNER / max(abs(x), abs(y)), 0.5)
    return corner[0] + x * part, corner[1] + y * part


def _label(
    picture: Picture, boxes: Mapping[str, Mapping[str, Any]], arrow: Mapping[str, Any]
) -> None:
    """Write the label of an arrow beside the middle of its longest part."""
    if "label" not in arrow:
        return
    (x, y), (to_x, to_y) = max(
        pairwise(_corners(boxes, arrow)),
        key=lambda part: abs(part[0][0] - part[1][0]) + abs(part[0][1] - part[1][1]),
    )
    style = f"label {arrow.get('kind', 'flow')}-words"
    if x != to_x:
        picture.words((x + to_x) / 2, y - 8, arrow["label"], style)
        return
    before = arrow.get("before", False)
    picture.words(
        x - 10 if before else x + 10,
        (y + to_y) / 2 + arrow.get("down", 4),
        arrow["label"],
        style,
        "end" if before else "start",
    )

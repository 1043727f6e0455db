"""The picture of the flow: where its boxes and arrows are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WIDE: Final = (1120, 316)
TALL: Final = (270, 686)


@dataclass(frozen=True, slots=True)
class Box:
    """A step of the flow. `value` is its main number, and `lines` are others.

    `tone`: plain, good, busy, warning or bad. `href` is the page about it, "" for none.
    """

    id: str
    title: str
    value: str
    unit: str
    lines: Sequence[str] = ()
    tone: str = "plain"
    href: str = ""

    @property
    def label(self) -> str:
        """What a screen reader says."""
        return ", ".join((f"{self.title}: {self.value} {self.unit}", *self.lines))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A path between boxes. `label` is what carries the messages, and `paused` whether it stops."""

    path: str
    x: int
    y: int
    label: str = ""
    paused: bool = False
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """One form of the picture."""

    name: str
    width: int
    height: int
    boxes: Sequence[tuple[Box, Place]] = field(default_factory=tuple)
    arrows: Sequence[Arrow] = field(default_factory=tuple)


_ORDER: Final = ("uploads", "submit", "endpoint", "notifications", "completed", "failed", "dead")
_WIDE_PLACES: Final = {
    "uploads": Place(0, 52, 158, 108),
    "submit": Place(214, 52, 158, 108),
    "endpoint": Place(446, 52, 184, 108),
    "notifications": Place(686, 52, 164, 108),
    "completed": Place(956, 0, 164, 98),
    "failed": Place(956, 114, 164, 98),
    "dead": Place(446, 226, 184, 90),
}
_TALL_PLACES: Final = {
    "uploads": Place(0, 0, 270, 74),
    "submit": Place(0, 106, 270, 74),
    "endpoint": Place(0, 212, 270, 74),
    "notifications": Place(0, 318, 270, 74),
    "completed": Place(0, 424, 270, 74),
    "failed": Place(0, 510, 270, 74),
    "dead": Place(0, 612, 270, 74),
}


def wide(boxes: Sequence[Box], paused: Sequence[str]) -> Picture:
    """Return the picture for a screen on which it is read from left to right."""
    arrows = (
        Arrow("M158 106 H210", 0, 0),
        Arrow("M372 106 H442", 408, 97, "submit", "submit" in paused),
        Arrow("M630 106 H682", 0, 0),
        Arrow("M850 106 H926 V49 H952", 0, 0, paused="route" in paused),
        Arrow("M850 106 H926 V163 H952", 888, 97, "route", "route" in paused),
        Arrow("M293 160 V271 H442", 0, 0, faint=True),
        Arrow("M768 160 V271 H634", 0, 0, faint=True),
    )
    return _picture("wide", WIDE, boxes, _WIDE_PLACES, arrows)


def tall(boxes: Sequence[Box], paused: Sequence[str]) -> Picture:
    """Return the picture for a phone, from top to bottom."""
    arrows = (
        Arrow("M135 74 V102", 0, 0),
        Arrow("M135 180 V208", 146, 199, "submit", "submit" in paused),
        Arrow("M135 286 V314", 0, 0),
        Arrow("M135 392 V420", 146, 411, "route", "route" in paused),
        Arrow("M135 584 V608", 0, 0, faint=True),
    )
    return _picture("tall", TALL, boxes, _TALL_PLACES, arrows)


def _picture(
    name: str,
    size: tuple[int, int],
    boxes: Sequence[Box],
    places: dict[str, Place],
    arrows: Sequence[Arrow],
) -> Picture:
    by_id = {each.id: each for each in boxes}
    shown = [(by_id[each], places[each]) for each in _ORDER if each in by_id]
    return Picture(name, *size, shown, arrows)

"""A chart of horizontal bars in groups. A bar is a value with its spread, or a stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local.pictures.svg import Picture

_WIDTH = 760
_MARGIN = 20
_NAMES = 236
_VALUES = 84
_BAR, _ROW = 18, 28
_HEADING = 30
_LEGEND = 34
# Distances of the lines behind the bars, of which the chart takes the first that gives few lines.
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_MOST_LINES = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `parts` are the numbers of series with their values; `shown` is the total in words.

    `spread` has the quartiles of a bar with one part.
    """

    name: str
    parts: tuple[tuple[int, float], ...]
    shown: str
    spread: tuple[float, float] | None = None

    @property
    def end(self) -> float:
        return sum(value for _, value in self.parts)


@dataclass(frozen=True, slots=True)
class Group:
    """Bars below one heading; without words it has no heading."""

    heading: str
    bars: tuple[Bar, ...]


def chart(
    title: str, description: str, unit: str, series: Sequence[str], groups: Sequence[Group]
) -> str:
    """Return the chart as SVG. `unit` is what the numbers below the bars count."""
    rows = list(_rows(groups))
    height = _MARGIN + _LEGEND + sum(_HEADING if not bar else _ROW for _, bar in rows) + 54
    picture = Picture(title, description, _WIDTH, height)
    most = max(max(bar.end, *(bar.spread or (0.0,))) for group in groups for bar in group.bars)
    step = next(each for each in _STEPS if most / each <= _MOST_LINES)
    left, wide = _MARGIN + _NAMES, _WIDTH - 2 * _MARGIN - _NAMES - _VALUES
    scale = wide / most
    _legend(picture, series)
    bottom = height - 46
    for tick in range(0, int(most) + 1, step):
        x = left + tick * scale
        picture.line(f"M{x:.1f} {_MARGIN + _LEGEND - 6} V{bottom}", "rule")
        picture.words(round(x, 1), bottom + 18, f"{tick:,}", "note")
    picture.words(left + wide / 2, bottom + 36, unit, "note")
    y = float(_MARGIN + _LEGEND)
    for words, bar in rows:
        if bar is None:
            picture.words(_MARGIN, y + 20, words, "name", "start")
            y += _HEADING
        else:
            _bar(picture, bar, y, left, scale)
            y += _ROW
    return picture.to_svg()


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, Bar | None]]:
    for group in groups:
        if group.heading:
            yield group.heading, None
        for bar in group.bars:
            yield bar.name, bar


def _legend(picture: Picture, series: Sequence[str]) -> None:
    x = float(_MARGIN)
    for number, name in enumerate(series):
        picture.add(
            f'<rect class="series-{number}" x="{x:g}" y="{_MARGIN}" width="12" height="12" rx="3"/>'
        )
        picture.words(x + 18, _MARGIN + 11, name, "", "start")
        x += 18 + 9 * len(name) + 18


def _bar(picture: Picture, bar: Bar, y: float, left: float, scale: float) -> None:
    top = y + (_ROW - _BAR) / 2
    middle = y + _ROW / 2
    picture.words(left - 12, middle + 4.5, bar.name, "", "end")
    x = left
    for series, value in bar.parts:
        width = value * scale
        picture.add(
            f'<rect class="series-{series}" x="{x:.1f}" y="{top:g}" width="{width:.1f}" '
            f'height="{_BAR}"/>'
        )
        x += width
    if bar.spread is not None:
        low, high = (left + value * scale for value in bar.spread)
        picture.line(
            f"M{low:.1f} {middle - 5:g} v10 M{low:.1f} {middle:g} H{high:.1f} m0 -5 v10", "spread"
        )
        x = max(x, high)
    picture.words(round(x + 8, 1), middle + 4.5, bar.shown, "value", "start")

"""An SVG picture on a card of its own, with colours for light and for dark.

Browsers evaluate `prefers-color-scheme` in a picture of a page too. The card has its own
background, so the picture is also legible where the page and the browser prefer different schemes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

# What each kind of part is drawn in: outline and fill, in light and in dark.
_KINDS: Mapping[str, tuple[str, str, str, str]] = {
    "function": ("#b35900", "#fff3e0", "#f0a04b", "#33240f"),
    "queue": ("#0b62c4", "#e6f1fd", "#6cb0ff", "#10263f"),
    "store": ("#1a7f37", "#e6f6ea", "#5ccb78", "#0f2b19"),
    "endpoint": ("#7a3fd1", "#f2eafd", "#bd94ff", "#271a40"),
    "outside": ("#6e7781", "#f3f5f7", "#9aa4af", "#1d232b"),
    "dead": ("#c02a33", "#fdeceb", "#ff8a84", "#361517"),
}
# What lines and words are drawn in, in light and in dark.
_COLOURS: Mapping[str, tuple[str, str]] = {
    "card": ("#ffffff", "#0f141b"),
    "edge": ("#d5dbe1", "#2c343e"),
    "ink": ("#1c2127", "#e8edf2"),
    "soft": ("#56606b", "#a3adb8"),
    "faint": ("#dfe4e9", "#29313a"),
    "flow": ("#46505b", "#b4bec9"),
    "fault": ("#c02a33", "#ff8a84"),
    "ledger": ("#1a7f37", "#5ccb78"),
}
# The colours of a chart's series, in the order of its legend.
_SERIES = (
    ("#0b62c4", "#58a6ff"),
    ("#8aa0b5", "#7a8a9c"),
    ("#d9822b", "#f0a04b"),
    ("#2c9a4b", "#5ccb78"),
    ("#9b6bdf", "#bd94ff"),
    ("#d1495b", "#ff8a84"),
    ("#0f9aa8", "#4fd0dc"),
)
_HEADS = ("flow", "fault", "ledger")
_FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif'


@dataclass(slots=True)
class Picture:
    """A picture while it is drawn. The title and the description are read by screen readers."""

    title: str
    description: str
    width: int
    height: int
    parts: list[str] = field(default_factory=list)

    def add(self, part: str) -> None:
        self.parts.append(part)

    def box(self, x: float, y: float, width: float, height: float, style: str) -> None:
        self.add(
            f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            'rx="8"/>'
        )

    def line(self, points: str, style: str) -> None:
        self.add(f'<path class="{style}" d="{points}"/>')

    def words(self, x: float, y: float, words: str, style: str, anchor: str = "middle") -> None:
        self.add(
            f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">'
            f"{escape(words, quote=False)}</text>"
        )

    def lines(self, x: float, middle: float, name: str, notes: Sequence[str]) -> None:
        """Write a name and the notes below it, around the height of their middle."""
        first = middle - 8 * len(notes) + 5
        self.words(x, first, name, "name")
        for row, note in enumerate(notes, 1):
            self.words(x, first + 1 + 16 * row, note, "note")

    def to_svg(self) -> str:
        size = (
            f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        )
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
                'aria-labelledby="title description">',
                f'<title id="title">{escape(self.title, quote=False)}</title>',
                f'<desc id="description">{escape(" ".join(self.description.split()), quote=False)}'
                "</desc>",
                f"<style>\n{_style()}</style>",
                f"<defs>{''.join(_head(kind) for kind in _HEADS)}</defs>",
                f'<rect class="card" x="0.5" y="0.5" width="{self.width - 1}" '
                f'height="{self.height - 1}" rx="12"/>',
                *self.parts,
                "</svg>\n",
            )
        )


def _head(kind: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" '
        'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="{kind}-head" d="M0 0.8 L10 5 L0 9.2 z"/></marker>'
    )


def _style() -> str:
    dark = "".join(f"    --{name}: {value};\n" for name, value in _variables(dark=True))
    light = "".join(f"  --{name}: {value};\n" for name, value in _variables(dark=False))
    rules = [
        f"text {{ font-family: {_FONT}; font-size: 13px; fill: var(--ink); }}",
        ".card { fill: var(--card); stroke: var(--edge); }",
        ".name { font-size: 14px; font-weight: 600; }",
        ".lane { font-size: 12.5px; font-weight: 600; }",
        ".note { font-size: 12.5px; fill: var(--soft); }",
        ".label { paint-order: stroke; stroke: var(--card); stroke-width: 6px; "
        "stroke-linejoin: round; }",
        ".number { font-size: 11.5px; font-weight: 700; fill: var(--card); }",
        ".disc { fill: var(--ink); }",
        ".value { font-weight: 600; }",
        ".rule { stroke: var(--faint); fill: none; }",
        ".life { stroke: var(--edge); stroke-width: 1.5; }",
        ".under { stroke: var(--card); stroke-width: 8; fill: none; }",
        ".spread { stroke: var(--ink); stroke-width: 1.5; fill: none; }",
        ".dashed { stroke-dasharray: 5 4; }",
        *(
            f".{kind} {{ fill: var(--{kind}-fill); stroke: var(--{kind}-line); "
            "stroke-width: 1.5; }"
            for kind in _KINDS
        ),
        *(
            f".to-{kind} {{ stroke: var(--{kind}); stroke-width: 1.75; fill: none; "
            f"marker-end: url(#{kind}); }}\n.{kind}-head {{ fill: var(--{kind}); }}\n"
            f".{kind}-words {{ fill: var(--{kind}); }}"
            for kind in _HEADS
        ),
        *(f".series-{index} {{ fill: var(--series-{index}); }}" for index in range(len(_SERIES))),
    ]
    return (
        f":root {{\n{light}}}\n@media (prefers-color-scheme: dark) {{\n  :root {{\n{dark}  }}\n}}\n"
        + "\n".join(rules)
        + "\n"
    )


def _variables(*, dark: bool) -> list[tuple[str, str]]:
    return [
        *((name, pair[dark]) for name, pair in _COLOURS.items()),
        *((f"{kind}-line", each[2 * dark]) for kind, each in _KINDS.items()),
        *((f"{kind}-fill", each[2 * dark + 1]) for kind, each in _KINDS.items()),
        *((f"series-{index}", pair[dark]) for index, pair in enumerate(_SERIES)),
    ]

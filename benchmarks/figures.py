"""Figures: medians with their spread, and ratios to what was measured beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from local.console.table import table


@dataclass(frozen=True, slots=True)
class Sample:
    """The median of what was measured, and the quartiles on either side of it."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample":
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high)

    @classmethod
    def exact(cls, value: float) -> "Sample":
        """What is counted and has no spread."""
        return cls(value, value, value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `unit` is a suffix; bare and usual are None where they have none."""

    name: str
    unit: str
    relay: Sample
    bare: Sample | None = None
    usual: Sample | None = None
    digits: int = 0
    at_most: float | None = None
    at_most_of_bare: float | None = None
    at_most_of_usual: float | None = None

    @property
    def of_bare(self) -> float | None:
        return None if self.bare is None else self.relay.middle / self.bare.middle

    @property
    def of_usual(self) -> float | None:
        return None if self.usual is None else self.relay.middle / self.usual.middle

    @property
    def missed(self) -> list[str]:
        """The targets that it does not meet, in words."""
        return [
            f"{self.name} is {value:.3g}{what}; the target is at most {limit:.3g}"
            for value, limit, what in (
                (self.relay.middle, self.at_most, self.unit),
                (self.of_bare, self.at_most_of_bare, " times bare"),
                (self.of_usual, self.at_most_of_usual, " times usual"),
            )
            if limit is not None and value is not None and value > limit
        ]

    def to_json(self) -> dict[str, object]:
        def sample(value: Sample | None) -> dict[str, float] | None:
            if value is None:
                return None
            return {"median": value.middle, "low": value.low, "high": value.high}

        return {
            "name": self.name,
            "unit": self.unit.strip(),
            "relay": sample(self.relay),
            "bare": sample(self.bare),
            "usual": sample(self.usual),
            "of_bare": self.of_bare,
            "of_usual": self.of_usual,
            "missed": self.missed,
        }


def render(figures: Sequence[Figure]) -> str:
    """The one table, and below it every target that was missed."""
    header = ("", "relay", "bare", "usual", "of bare", "of usual", "target")
    lines = [table(header, [_row(figure) for figure in figures])]
    lines += [f"missed: {text}" for figure in figures for text in figure.missed]
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    def shown(value: Sample | None) -> str:
        if value is None:
            return ""
        spread = f" ({value.low:,.{figure.digits}f}-{value.high:,.{figure.digits}f})"
        middle = f"{value.middle:,.{figure.digits}f}{figure.unit}"
        return middle if value.low == value.high else middle + spread

    def ratio(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    targets = [
        f"{limit:.3g}{what}"
        for limit, what in (
            (figure.at_most, figure.unit),
            (figure.at_most_of_bare, " bare"),
            (figure.at_most_of_usual, " usual"),
        )
        if limit is not None
    ]
    return (
        figure.name,
        shown(figure.relay),
        shown(figure.bare),
        shown(figure.usual),
        ratio(figure.of_bare),
        ratio(figure.of_usual),
        ("at most " + ", ".join(targets) if targets else "") + (" MISSED" if figure.missed else ""),
    )

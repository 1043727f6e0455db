"""The page of assumptions about AWS, as a program reads it."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "aws-assumptions.md"

_ID = re.compile(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`")
_TEST = re.compile(r"`(test_[a-z0-9_]+)`")
_CELL_END = re.compile(r"(?<!\\)\|")
_UNOBSERVED = "not observed: "


@dataclass(frozen=True, slots=True)
class Assumption:
    """A row of the page. Observed by tests, or not and why: one of both is empty."""

    id: str
    claim: str
    source: str
    consequence: str
    tests: tuple[str, ...]
    unobserved: str


def read_page(text: str) -> tuple[Assumption, ...]:
    """The rows of every table whose first column is `id`.

    Raises:
        ValueError: a row has other cells than the five columns, or says nothing of observation.
    """
    found = []
    within = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in _CELL_END.split(line.strip())[1:-1]]
        if not cells:
            within = False
        elif cells[0] == "id":
            within = True
        elif within and not set(cells[0]) <= set("-: "):
            found.append(_row(cells, line))
    return tuple(found)


def _row(cells: list[str], line: str) -> Assumption:
    if len(cells) != 5 or not (named := _ID.fullmatch(cells[0])):
        raise ValueError(f"five cells, the first an id in backticks, are expected: {line}")
    tests = tuple(_TEST.findall(cells[4]))
    unobserved = cells[4].removeprefix(_UNOBSERVED) if cells[4].startswith(_UNOBSERVED) else ""
    if bool(tests) == bool(unobserved):
        raise ValueError(f"the last cell names tests, or says `{_UNOBSERVED}` and why: {line}")
    return Assumption(named[1], cells[1], cells[2], cells[3], tests, unobserved)

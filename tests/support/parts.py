"""Explorations in two parts, of which `make check` runs the first, and `make test` both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

_Case = TypeVar("_Case")


@dataclass(frozen=True)
class Part:
    """Every `number`-th case, or the others."""

    number: int
    others: bool

    def of(self, cases: Sequence[_Case]) -> list[_Case]:
        """The cases of this part.

        Raises:
            AssertionError: there are none, so nothing would be tested.
        """
        found = [each for n, each in enumerate(cases) if bool(n % self.number) == self.others]
        assert found, f"no case among {len(cases)}"
        return found


def first_of(number: int) -> pytest.MarkDecorator:
    """Give a test its `part`: every `number`-th case in `make check`."""
    return pytest.mark.parametrize(
        "part",
        [
            pytest.param(Part(number, others=False), id=f"one of {number}"),
            pytest.param(Part(number, others=True), id="others", marks=pytest.mark.exhaustive),
        ],
    )

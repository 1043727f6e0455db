"""The parts of an exploration are the whole of it."""

import pytest

from tests.support.parts import Part, first_of


def test_both_parts_have_each_case_once() -> None:
    cases = range(1, 12)

    first, others = (each.values[0] for each in first_of(4).args[1])

    assert first.of(cases) == [1, 5, 9]
    assert sorted([*first.of(cases), *others.of(cases)]) == [*cases]


def test_a_part_without_a_case_fails() -> None:
    with pytest.raises(AssertionError, match="no case among 1"):
        Part(4, others=True).of(["alone"])


def test_only_the_other_cases_are_left_to_make_test() -> None:
    marks = [[mark.name for mark in each.marks] for each in first_of(4).args[1]]

    assert marks == [[], ["exhaustive"]]

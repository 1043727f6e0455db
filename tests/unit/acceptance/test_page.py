"""The page of assumptions and the acceptance tests name each other."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.findings.assumptions import PAGE, Assumption, read_page

TESTS = sorted((Path(__file__).parents[2] / "acceptance").glob("test_*.py"))


def functions() -> Iterator[ast.FunctionDef]:
    for path in TESTS:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node


def marked(node: ast.AST) -> set[str]:
    """The ids in every marker within a node, conditional ones included."""
    return {
        constant.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.assumption")
        for argument in call.args
        for constant in ast.walk(argument)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


def observed() -> dict[str, set[str]]:
    """The tests that observe each assumption; parameters may carry markers of their own."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in TESTS:
        module = ast.parse(path.read_text())
        named = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        for name, node in named.items():
            if not name.startswith("test_"):
                continue
            called = {
                each.id
                for decorator in node.decorator_list
                for each in ast.walk(decorator)
                if isinstance(each, ast.Name) and each.id in named
            }
            ids = set().union(*(marked(named[each]) for each in called)) | marked(node)
            for id in ids:
                found[id].add(name)
    return found


ROWS = read_page(PAGE.read_text())
OBSERVED = observed()


def test_the_page_names_each_assumption_once() -> None:
    ids = [row.id for row in ROWS]

    assert len(ids) == len(set(ids)) > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_tests_that_a_row_names_are_those_that_observe_it(row: Assumption) -> None:
    assert set(row.tests) == OBSERVED.get(row.id, set())


def test_what_a_test_observes_is_on_the_page() -> None:
    assert OBSERVED.keys() <= {row.id for row in ROWS}


def test_every_row_says_what_breaks() -> None:
    assert [row.id for row in ROWS if not (row.claim and row.source and row.consequence)] == []


ROW = "| `{id}` | claim | documented | breaks | {observed} |"
HEAD = "| id | claim | rank and source | what breaks | observed by |\n|---|---|---|---|---|\n"


def test_a_row_is_observed_by_tests_or_says_why_not() -> None:
    seen, unseen = read_page(
        HEAD
        + ROW.format(id="a-b", observed="`test_one`, `test_two`")
        + "\n"
        + ROW.format(id="c", observed="not observed: takes days")
    )

    assert (seen.id, seen.tests, seen.unobserved) == ("a-b", ("test_one", "test_two"), "")
    assert (unseen.id, unseen.tests, unseen.unobserved) == ("c", (), "takes days")


@pytest.mark.parametrize(
    "row",
    [
        ROW.format(id="a", observed=""),
        ROW.format(id="a", observed="not observed: "),
        ROW.format(id="Upper", observed="`test_one`"),
        "| `a` | a pipe | too | many | in | `test_one` |",
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="expected|last cell"):
        read_page(HEAD + row)


def test_a_pipe_in_a_cell_is_escaped() -> None:
    (row,) = read_page(HEAD + "| `a` | this \\| that | s | b | `test_one` |")

    assert row.claim == "this \\| that"


def test_other_tables_are_left_alone() -> None:
    assert read_page("| rank | meaning |\n|---|---|\n| seen | on AWS |") == ()

"""Fixtures for every test that needs the local stack."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.settings import REPOSITORY
from tests.functions import Functions
from tests.stack import RunningStack, running_stack

# Whichever test needs the stack first also waits until it is up.
_STACK_SECONDS = 420


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "stack" in item.fixturenames:
            item.add_marker(pytest.mark.timeout(_STACK_SECONDS))


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """One deployed stack for the whole run, beside any that a developer has up.

    Its files stay in `.local/test stack`, so that `sam` finds its cache and a person the logs.
    The name has a space because the paths of developers have.
    """
    with running_stack(REPOSITORY / ".local" / "test stack") as running:
        yield running


@pytest.fixture(scope="session")
def functions(stack: RunningStack) -> Iterator[Functions]:
    """The built functions under Lambda's runtime, each with its own role's credentials."""
    with ExitStack() as exits:
        yield Functions(stack, exits)

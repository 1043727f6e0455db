"""Fixtures for every test that needs the local stack."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.settings import REPOSITORY
from tests.functions import Functions
from tests.stack import RunningStack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """One deployed stack for the whole run, beside any that a developer has up.

    Its files stay in `.local/tests`, so that `sam` finds its cache and a person finds the logs.
    """
    with running_stack(REPOSITORY / ".local" / "tests") as running:
        yield running


@pytest.fixture(scope="session")
def functions(stack: RunningStack) -> Iterator[Functions]:
    """The built functions under Lambda's runtime, each with its own role's credentials."""
    with ExitStack() as exits:
        yield Functions(stack, exits)

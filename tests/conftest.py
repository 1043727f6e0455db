"""Fixtures for every test that needs the local stack."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.local_target import LocalTarget
from tests.acceptance.stash import TARGET
from tests.support.functions import Functions
from tests.support.stack import RunningStack, running_stack

pytest_plugins = ("tests.acceptance.plugin",)

# Whichever test needs the stack first also waits until it is up.
_STACK_SECONDS = 420
_STACK = {"stack", "target"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    target = config.stash.get(TARGET, None)
    seconds = target.pace.test_seconds if target else _STACK_SECONDS
    for item in items:
        if isinstance(item, pytest.Function) and _STACK & set(item.fixturenames):
            item.add_marker(pytest.mark.timeout(seconds))


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """One deployed stack for the whole run, beside any that a developer has up.

    Its files stay in `.local/test stack`, so that `sam` finds its cache and a person the logs.
    The name has a space because the paths of developers have.
    """
    with running_stack(REPOSITORY / ".local" / "test stack") as running:
        yield running


@pytest.fixture(scope="session")
def local_target(stack: RunningStack) -> LocalTarget:
    return LocalTarget(stack)


@pytest.fixture(scope="session")
def functions(stack: RunningStack) -> Iterator[Functions]:
    """The built functions under Lambda's runtime, each with its own role's credentials."""
    with ExitStack() as exits:
        yield Functions(stack, exits)

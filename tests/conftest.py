"""What holds for the whole run, and the fixtures for every test that needs the local stack."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryDirectory

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.stash import TARGET
from tests.acceptance.targets.local_target import LocalTarget
from tests.support.functions import Functions
from tests.support.stack import RunningStack, own_directory, running_stack

pytest_plugins = ("tests.acceptance.plugin",)

# Whichever test needs the stack first also waits until it is up.
_STACK_SECONDS = 420
_STACK = {"stack", "target"}


def pytest_configure(config: pytest.Config) -> None:
    """MiniStack writes a key when it is imported, and would leave it in /tmp."""
    if "STATE_DIR" not in os.environ:  # a worker has that of the whole run
        state = TemporaryDirectory(prefix="ministack-")
        os.environ["STATE_DIR"] = state.name
        config.add_cleanup(state.cleanup)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    target = config.stash.get(TARGET, None)
    seconds = target.pace.test_seconds if target else _STACK_SECONDS
    for item in items:
        if isinstance(item, pytest.Function) and _STACK & set(item.fixturenames):
            item.add_marker(pytest.mark.timeout(seconds))


def pytest_collection_finish() -> None:
    """Leave what was collected out of every garbage collection, and collect less often: each saves
    a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """One deployed stack for the whole run, beside any of a developer or of another run."""
    with own_directory(REPOSITORY / ".local") as directory, running_stack(directory) as running:
        yield running


@pytest.fixture(scope="session")
def local_target(stack: RunningStack) -> LocalTarget:
    return LocalTarget(stack)


@pytest.fixture(scope="session")
def functions(stack: RunningStack) -> Iterator[Functions]:
    """The built functions under Lambda's runtime, each with its own role's credentials."""
    with ExitStack() as exits:
        yield Functions(stack, exits)

"""The page over a deployment in memory."""

from collections.abc import Iterator

import pytest

from tests.support.console.page import Browser, ConsoleDeployment


@pytest.fixture
def deployment() -> ConsoleDeployment:
    return ConsoleDeployment()


@pytest.fixture
def browser(deployment: ConsoleDeployment) -> Iterator[Browser]:
    made = Browser(deployment)
    yield made
    made.close()

"""A short run of chaos, beside all other tests of the run."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chaos.course import running_chaos


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chaos begins with the first of these tests and is looked at after the last one."""
    items.sort(key=_about_chaos)


def _about_chaos(item: pytest.Item) -> bool:
    return item.path.name == "test_chaos.py"


@pytest.fixture(scope="session")
def chaos_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos") / "log"


@pytest.fixture(scope="session")
def chaos(chaos_log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running_chaos(chaos_log) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _chaos_meanwhile(request: pytest.FixtureRequest) -> None:
    if any(map(_about_chaos, request.session.items)):
        request.getfixturevalue("chaos")

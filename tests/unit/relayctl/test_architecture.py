"""Rules of `relayctl` that ruff cannot express."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
MODULES = sorted((REPOSITORY / "relayctl").rglob("*.py"))
MAX_MODULE_LINES = 320
MAX_FOLDER_FILES = 13  # besides __init__.py


def imported(path: Path) -> set[str]:
    """Return the names of the modules that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
class TestAModule:
    def test_needs_nothing_that_its_distribution_has_not(self, path: Path) -> None:
        roots = {each.split(".")[0] for each in imported(path)}

        assert not roots & {"tests", "local", "functions", "benchmarks", "async_endpoint_emulator"}

    def test_uses_no_adapter_of_the_functions(self, path: Path) -> None:
        """They read the environment of a function, and retry as its timeout allows."""
        assert not [each for each in imported(path) if each.startswith("relay.aws")]

    def test_is_short_enough_to_read(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES


def test_no_folder_is_crowded() -> None:
    folders = {path.parent for path in MODULES}

    for folder in folders:
        files = [each for each in folder.glob("*.py") if each.name != "__init__.py"]
        assert len(files) <= MAX_FOLDER_FILES, folder

"""What the acceptance tests may know: AWS's APIs, and nothing of what is deployed."""

import ast
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "acceptance"
MODULES = sorted(FOLDER.rglob("*.py"))

SDK = {"boto3", "botocore", "pytest"}
# Of what runs on this machine: its own stack, the data that it trains on, a table of prices. And
# a helper that imports the SDK only.
ALLOWED = {
    "local_target.py": {
        "local.stack.deployment",
        "local.stack.emulator",
        "local.stack.settings",
        "tests.support.stack",
    },
    "inputs.py": {"local.model.data", "local.model.training"},
    "plan.py": {"relayctl.cost.prices"},
    "__main__.py": {"tests.support.stack"},
    "test_redeployment.py": {"tests.support.bucket_import"},
}


def imports(path: Path) -> set[str]:
    """Modules that are imported when the code runs; those for types alone are left out."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_the_sdk_and_its_own_folder_only(path: Path) -> None:
    others = {
        module
        for module in imports(path)
        if module.split(".")[0] not in SDK | sys.stdlib_module_names
        and not f"{module}.".startswith("tests.acceptance.")
    }

    assert others <= ALLOWED.get(path.name, set())


def test_the_tests_know_neither_the_layer_nor_a_target_of_their_own() -> None:
    known = {module for path in FOLDER.glob("test_*.py") for module in imports(path)}

    assert not {each for each in known if each.split(".")[0] in ("relay", "local")}
    assert not known & {
        "tests.acceptance.targets.local_target",
        "tests.acceptance.targets.aws_target",
    }

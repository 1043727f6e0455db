"""Rules of the design that ruff cannot express, read from the code itself.

app -> bootstrap -> use case -> ports and model; adapters -> ports, model. Nothing imports outward.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.support.imports import circles, modules_in
from tests.support.imports import imports as imports_of

REPOSITORY = Path(__file__).parents[2]
LAYER = REPOSITORY / "layers" / "relay"
NAMES = modules_in(LAYER, "relay")
MODULES = sorted(NAMES.values())
APPS = sorted((REPOSITORY / "functions").glob("*/app.py"))

# What an app may know of the layer besides its use case.
ENTRANCE = {"relay.bootstrap", "relay.telemetry", "relay.aws.clock"}
# What knows the outside: imported by apps and the composition root only.
OUTER = {"relay.bootstrap", "relay.telemetry"}
SDK = {"boto3", "botocore", "mypy_boto3", "s3transfer"}

MAX_MODULE_LINES = 320
MAX_APP_LINES = 45
MAX_FOLDER_FILES = 13  # besides __init__.py
MAX_FUNCTION_LINES = 45


def name_of(path: Path) -> str:
    return next(name for name, module in NAMES.items() if module == path)


def imports(path: Path) -> set[str]:
    return imports_of(path, NAMES)


def is_adapter(module: str) -> bool:
    return module.startswith("relay.aws.") or module == "relay.aws"


def of_layer(modules: set[str]) -> set[str]:
    return {module for module in modules if module.split(".")[0] == "relay"}


def ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(REPOSITORY)) for path in paths]


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
class TestAModuleOfTheLayer:
    def test_imports_the_sdk_only_as_an_adapter(self, path: Path) -> None:
        roots = {module.split(".")[0] for module in imports(path)}
        sdk = {root for root in roots if root.startswith(tuple(SDK))}

        assert not sdk or is_adapter(name_of(path))

    def test_imports_adapters_only_as_an_adapter_or_the_composition_root(self, path: Path) -> None:
        adapters = {module for module in imports(path) if is_adapter(module)}

        assert not adapters or is_adapter(name_of(path)) or name_of(path) == "relay.bootstrap"

    def test_does_not_import_outward(self, path: Path) -> None:
        assert not imports(path) & OUTER

    def test_knows_nothing_of_tests_and_tools(self, path: Path) -> None:
        roots = {module.split(".")[0] for module in imports(path)}

        assert not roots & {"tests", "local", "functions", "benchmarks"}

    def test_reads_its_environment_only_in_the_composition_root(self, path: Path) -> None:
        reads = "os" in imports(path)

        assert not reads or name_of(path) == "relay.bootstrap"

    def test_is_short_enough_to_read(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES

    def test_has_functions_that_are_short_enough_to_read(self, path: Path) -> None:
        long = [
            f"{function.name} has {_lines(function)} lines"
            for function in ast.walk(ast.parse(path.read_text()))
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            and _lines(function) > MAX_FUNCTION_LINES
        ]

        assert long == []

    def test_says_what_it_is_for(self, path: Path) -> None:
        assert ast.get_docstring(ast.parse(path.read_text()))


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", APPS, ids=ids(APPS))
class TestAnApp:
    def test_knows_no_sdk_and_no_environment(self, path: Path) -> None:
        roots = {module.split(".")[0] for module in imports(path)}

        assert not {root for root in roots if root.startswith(tuple(SDK))}
        assert "os" not in roots

    def test_knows_no_adapter_but_the_clock(self, path: Path) -> None:
        adapters = {module for module in imports(path) if is_adapter(module)}

        assert adapters <= ENTRANCE

    def test_is_thin(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= MAX_APP_LINES


def test_no_class_name_stands_for_two_things() -> None:
    places: dict[str, list[str]] = {}
    for module, path in NAMES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)

    assert "Route" in places
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_folder_of_the_layer_has_about_a_dozen_files() -> None:
    files = [path for path in (LAYER / "relay").rglob("*.*") if "__" not in str(path)]
    folders = Counter(str(path.parent.relative_to(LAYER)) for path in files if path.is_file())

    assert folders["relay/submit"] > 0
    assert {name: n for name, n in folders.items() if n > MAX_FOLDER_FILES} == {}


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: of_layer(imports(path)) for module, path in NAMES.items()}

    assert list(circles(graph)) == []


def test_the_rules_look_at_what_they_are_about() -> None:
    """An empty list of modules would pass every rule."""
    assert {"relay.submit.submit", "relay.route.route", "relay.aws.dynamodb.ledger"} <= NAMES.keys()
    assert {path.parent.name for path in APPS} >= {"submit", "route", "reconcile", "provision"}
    assert "relay.ports" in imports(NAMES["relay.route.route"])
    assert "relay.bootstrap" in imports(next(app for app in APPS if app.parent.name == "submit"))
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == ["a -> b -> c -> a"]

"""The emulator stands alone, and the imports between its folders have one direction.

autoscaling -> api -> deployments -> inference -> model_servers -> the modules beside them; `world`
and `__main__` know all of these. `pytest_plugin` -> testing -> client -> the modules beside them:
these talk to the server by HTTP.
"""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.imports import circles, imports, modules_in

DISTRIBUTION = Path(__file__).parents[3] / "emulator"
PACKAGE = "async_endpoint_emulator"
MODULES = modules_in(DISTRIBUTION / "src", PACKAGE)

SERVER = ("autoscaling", "api", "deployments", "inference", "model_servers", "")
CALLERS = ("testing", "client", "")
FOLDERS = tuple(each for each in (*SERVER, *CALLERS) if each)
KNOW_ALL = tuple(f"{PACKAGE}.{name}" for name in ("__main__", "world", "pytest_plugin"))
OF_TESTS = (f"{PACKAGE}.pytest_plugin",)
MAX_MODULES_BESIDE_FOLDERS = 17


def folder(module: str) -> str:
    """The folder of a module; empty for those beside the folders."""
    _, _, rest = module.partition(".")
    return rest.split(".")[0] if rest.split(".")[0] in FOLDERS else ""


def own(modules: set[str]) -> set[str]:
    return {module for module in modules if module.split(".")[0] == PACKAGE}


@pytest.mark.parametrize("module", sorted(MODULES))
class TestAModuleOfTheEmulator:
    def test_imports_only_what_the_distribution_requires(self, module: str) -> None:
        """Neither the relay nor the local stack. Stubs are needed by mypy alone."""
        project = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text())["project"]
        of_tests = (
            project["optional-dependencies"]["test"]
            if module in OF_TESTS or folder(module) == "testing"
            else []
        )
        requirements = (*project["dependencies"], *of_tests)
        required = {re.split(r"[\[>]", each)[0] for each in requirements}
        roots = {name.split(".")[0] for name in imports(MODULES[module], MODULES)}
        foreign = roots - sys.stdlib_module_names - {PACKAGE}

        assert {name for name in foreign if not name.startswith("mypy_boto3_")} <= required

    def test_imports_only_from_its_folder_and_those_below(self, module: str) -> None:
        if module in KNOW_ALL:
            return
        order = CALLERS if folder(module) in CALLERS[:-1] else SERVER
        allowed = order[order.index(folder(module)) :]

        found = own(imports(MODULES[module], MODULES))

        assert {each for each in found if folder(each) not in allowed} == set()


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: own(imports(path, MODULES)) for module, path in MODULES.items()}

    assert list(circles(graph)) == []


def test_few_modules_lie_beside_the_folders() -> None:
    beside = {module for module in MODULES if not folder(module)}

    assert len(beside) <= MAX_MODULES_BESIDE_FOLDERS


def test_the_rules_look_at_what_they_are_about() -> None:
    """An empty list of modules would pass every rule."""
    assert {folder(module) for module in MODULES} == {*FOLDERS, ""}
    metrics = imports(MODULES[f"{PACKAGE}.autoscaling.metrics"], MODULES)
    assert {f"{PACKAGE}.deployments.load", "asyncio"} <= metrics

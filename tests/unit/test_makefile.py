"""The commands of the Makefile can be imported with the path that the Makefile gives them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# `env NAME="value" "$(BIN)/python" -m module`
COMMANDS = re.findall(
    r"^\t@?(?:exec )?(?:env ([^$\n]*?|IMAGE=\"\$\(IMAGE\)\") )?\"\$\(BIN\)/python\" -m ([\w.]+)",
    (REPOSITORY / "Makefile").read_text(),
    re.MULTILINE,
)
OWN = sorted({each for each in COMMANDS if each[1].startswith(("local", "tests", "benchmarks"))})


def test_the_makefile_names_modules_of_the_repository() -> None:
    assert {module for _, module in OWN} >= {"local", "local.chaos", "benchmarks", "local.routes"}


@pytest.mark.parametrize(("variables", "module"), OWN, ids=[module for _, module in OWN])
def test_a_command_finds_its_modules(variables: str, module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if variables.startswith("PYTHONPATH="):
        environment["PYTHONPATH"] = variables.removeprefix("PYTHONPATH=")
    code = """
import importlib, importlib.util, sys
module = sys.argv.pop()
sys.argv.append("--help")
package = importlib.util.find_spec(module).submodule_search_locations
importlib.import_module(f"{module}.__main__" if package else module)
"""

    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", code, module],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr

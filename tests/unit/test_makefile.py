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


# Imports each module as if it were alone. What others publish is imported once, which takes long.
PROGRAM = """
import importlib, importlib.util, pathlib, sys, traceback
modules, sys.argv[1:] = sys.argv[1:], ["--help"]
folders = map(pathlib.Path, (".", "layers/relay", "emulator/src"))
own = {each.stem for folder in folders for each in folder.iterdir()}
path = [*sys.path]
for module in modules:
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]
    try:
        package = importlib.util.find_spec(module).submodule_search_locations
        importlib.import_module(f"{module}.__main__" if package else module)
    except SystemExit as end:  # of a module that shows its help
        assert not end.code, f"{module}: {end.code}"
    except Exception:
        traceback.print_exc()
        continue
    print(f"\\nimported {module}", flush=True)
"""


@pytest.mark.parametrize("variables", sorted({variables for variables, _ in OWN}))
def test_a_command_finds_its_modules(variables: str) -> None:
    modules = [module for its_own, module in OWN if its_own == variables]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if variables.startswith("PYTHONPATH="):
        environment["PYTHONPATH"] = variables.removeprefix("PYTHONPATH=")
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", PROGRAM, *modules],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    imported = re.findall(r"^imported (.+)$", done.stdout, re.M)
    assert (imported, done.returncode) == (modules, 0), done.stderr

"""The emulator as its users install it: a wheel, an empty directory, a model, a test."""

import shutil
from pathlib import Path

import pytest

from tests.examples.conftest import REPOSITORY, Run
from tests.support.emulator.stack import eventually, processes_with

EXAMPLES = REPOSITORY / "emulator" / "examples"
PYTEST = ("pytest", "-p", "no:cacheprovider", "--timeout", "200")

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize(("name", "tests"), [("scikit-learn", 2), ("fastapi", 1)])
def test_an_example_passes_in_a_directory_of_its_own(
    run: Run, tmp_path: Path, name: str, tests: int
) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)

    output = run(tmp_path, PYTEST)

    assert f"{tests} passed" in output
    eventually(lambda: not processes_with(str(tmp_path)), "no model server is left", 10)

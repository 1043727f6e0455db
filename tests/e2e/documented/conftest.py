"""A folder for the commands of a page, beside a stack that is up."""

from pathlib import Path

import pytest

from tests.acceptance.targets.target import Target
from tests.e2e.documented.prepared import Place
from tests.support.pages.folders import linked
from tests.support.stack import RunningStack


@pytest.fixture
def place(stack: RunningStack, target: Target, tmp_path: Path) -> Place:
    """A folder with links to what a clone has. What the commands write is in the folder alone."""
    return Place(stack, target, linked(tmp_path / "relay", stack.settings.environment_file))

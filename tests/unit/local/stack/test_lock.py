"""One command at a time."""

from pathlib import Path

import pytest

from local.stack.errors import LocalStackError
from local.stack.lock import exclusive
from local.stack.settings import StackSettings


def test_a_second_command_on_the_same_stack_is_refused(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path, 4566, 4567)

    with (
        exclusive(settings),
        pytest.raises(LocalStackError, match="another command"),
        exclusive(settings),
    ):
        pytest.fail("both hold the lock")


def test_the_lock_is_free_after_a_command_that_failed(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path, 4566, 4567)
    with pytest.raises(ValueError, match="broken"), exclusive(settings):
        raise ValueError("broken")

    with exclusive(settings):
        pass

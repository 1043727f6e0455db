"""One command at a time."""

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.machine.lock import exclusive


def test_a_second_command_on_the_same_stack_is_refused(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path),
        pytest.raises(LocalStackError, match="another command"),
        exclusive(tmp_path),
    ):
        pytest.fail("both hold the lock")


def test_the_lock_is_free_after_a_command_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), exclusive(tmp_path):
        raise ValueError("broken")

    with exclusive(tmp_path):
        pass

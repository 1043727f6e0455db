"""The access key of a stack's root user."""

import re
import stat
from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.stack import root_user
from local.stack.settings import StackSettings


def test_every_start_has_another_key_and_secret_in_the_form_of_aws(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path, 4566, 4567)

    made = [root_user.issue(settings) for _ in range(3)]

    assert root_user.read(settings) == made[-1]
    assert len({each.access_key_id for each in made}) == 3
    assert len({each.secret_access_key for each in made}) == 3
    for each in made:
        assert re.fullmatch("AKIA[A-Z2-7]{16}", each.access_key_id)
        assert len(each.secret_access_key) == 40


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path, 4566, 4567)

    root_user.issue(settings)

    assert stat.S_IMODE(settings.root_user_file.stat().st_mode) == 0o600


def test_without_a_stack_there_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="no local stack is up"):
        root_user.read(StackSettings(tmp_path, 4566, 4567))

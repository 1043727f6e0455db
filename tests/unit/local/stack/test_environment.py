"""The variables that lead to the local stack."""

import subprocess
from pathlib import Path

import pytest

from local.stack.environment import (
    child_variables,
    client_variables,
    read_environment_file,
    write_environment_file,
)
from local.stack.settings import StackSettings


@pytest.fixture(params=["plain", "with space", 'it\'s "$HOME" `id`'])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> StackSettings:
    directory = tmp_path / str(request.param)
    directory.mkdir()
    return StackSettings(directory, 4566, 4567)


def test_the_file_gives_back_what_was_written(settings: StackSettings) -> None:
    write_environment_file(settings)

    assert read_environment_file(settings) == client_variables(settings)


def test_a_shell_that_sources_the_file_has_the_variables(settings: StackSettings) -> None:
    write_environment_file(settings)

    printed = _in_a_shell(settings, 'printf %s "$AWS_CA_BUNDLE"', {})

    assert printed == str(settings.tls / "server.pem")


def test_a_profile_of_the_developer_does_not_win_over_the_file(settings: StackSettings) -> None:
    write_environment_file(settings)

    printed = _in_a_shell(
        settings,
        'printf %s "${AWS_PROFILE-none} ${AWS_SESSION_TOKEN-none}"',
        {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret"},
    )

    assert printed == "none none"


def test_nothing_of_the_developers_aws_configuration_reaches_a_part(tmp_path: Path) -> None:
    inherited = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret", "HOME": "/home/me"}

    variables = child_variables(StackSettings(tmp_path, 4566, 4567), inherited)

    assert "AWS_PROFILE" not in variables
    assert "AWS_SESSION_TOKEN" not in variables
    assert variables["AWS_CONFIG_FILE"] == "/dev/null"
    assert variables["HOME"] == "/home/me"


def _in_a_shell(settings: StackSettings, command: str, environment: dict[str, str]) -> str:
    script = f'. "$0"; {command}'
    return subprocess.run(
        ["/bin/sh", "-eu", "-c", script, str(settings.environment_file)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

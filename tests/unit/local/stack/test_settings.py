"""Where a local stack lives."""

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.stack.settings import REPOSITORY, StackSettings


def test_without_variables_the_stack_lives_in_the_repository_on_the_usual_ports() -> None:
    settings = StackSettings.from_environment({})

    assert settings == StackSettings(REPOSITORY / ".local", 4566, 4567)
    assert settings.sam_directory == REPOSITORY / ".aws-sam"


def test_variables_make_a_second_stack_that_shares_nothing_with_the_first(tmp_path: Path) -> None:
    settings = StackSettings.from_environment(
        {"RELAY_LOCAL_DIR": str(tmp_path), "RELAY_AWS_PORT": "5001", "RELAY_SAGEMAKER_PORT": "5002"}
    )

    assert settings == StackSettings(tmp_path, 5001, 5002)
    assert settings.sam_directory.is_relative_to(tmp_path)


def test_a_relative_directory_is_meant_from_where_the_command_was_given() -> None:
    settings = StackSettings.from_environment({"RELAY_LOCAL_DIR": "elsewhere"})

    assert settings.directory == Path.cwd() / "elsewhere"


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "4566 "])
def test_a_port_that_is_none_is_named_with_its_variable(text: str) -> None:
    with pytest.raises(LocalStackError, match="RELAY_AWS_PORT must be a port"):
        StackSettings.from_environment({"RELAY_AWS_PORT": text})


def test_the_templates_parameters_can_be_given() -> None:
    given = StackSettings.from_environment({"RELAY_PARAMETERS": '{"LogLevel": "DEBUG"}'})

    assert given.parameters == (("LogLevel", "DEBUG"),)


@pytest.mark.parametrize("text", ["LogLevel=DEBUG", "[]", '{"InstanceCount": 2}'])
def test_parameters_that_are_no_object_of_texts_are_refused(text: str) -> None:
    with pytest.raises(LocalStackError, match="RELAY_PARAMETERS"):
        StackSettings.from_environment({"RELAY_PARAMETERS": text})

"""What the emulator's command takes, and what it refuses before it starts."""

from pathlib import Path

import pytest
from async_endpoint_emulator.__main__ import (
    CannotStart,
    check_options,
    read_arguments,
    read_config,
)
from async_endpoint_emulator.errors import InvalidConfiguration


@pytest.mark.parametrize("url", ["notaurl", "127.0.0.1:4566", "ftp://stand-in", "http://", "//["])
def test_credentials_that_are_no_url_are_refused(url: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        check_options(read_arguments(["--credentials", url]))

    assert str(refusal.value) == f"--credentials {url} must begin with http:// or https://"


@pytest.mark.parametrize("name", ["a b", "", "sagemaker:4567", "http://sagemaker", "::1"])
def test_a_host_name_that_no_request_has_is_refused(name: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        check_options(read_arguments(["--host-name", name]))

    assert str(refusal.value) == f"--host-name {name!r} must be a name or an address without a port"


@pytest.mark.parametrize(
    "option",
    [
        ("--credentials", "http://127.0.0.1:4566/_ministack/credentials"),
        ("--credentials", "https://stand_in"),
        ("--host-name", "sagemaker"),
        ("--host-name", "my_service.example"),
        ("--host-name", "192.0.2.1"),
        ("--host-name", "[::1]"),
    ],
)
def test_options_that_requests_can_use_are_taken(option: tuple[str, str]) -> None:
    check_options(read_arguments(option))


@pytest.mark.parametrize("name", ["emulator.yaml", "emulator.yml", "emulator.ini"])
def test_a_configuration_in_another_format_is_refused_by_its_name(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("creation_seconds: 1\n")

    with pytest.raises(InvalidConfiguration, match=r"must end in \.toml or \.json"):
        read_config(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("emulator.toml", "creation_seconds = 1"),
        ("emulator.json", '{"creation_seconds": 1}'),
        ("3", '{"creation_seconds": 1}'),
    ],
)
def test_a_configuration_is_read_by_the_suffix_of_its_name(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)

    assert read_config(tmp_path / name).creation_seconds == 1.0

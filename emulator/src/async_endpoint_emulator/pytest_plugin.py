"""The pytest plugin. It starts nothing until a test asks for one of its fixtures.

Each process of pytest-xdist has servers of its own, on free ports.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from async_endpoint_emulator.testing.sandbox import Sandbox

# Loaded with every run of pytest, also where no test uses it: what is large is imported later.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "async_emulator_aws_url",
        "URL of the stand-in for the rest of AWS, which then is not started (default: moto)",
        default="",
    )
    parser.addini("async_emulator_region", "the region of both servers", default="us-east-1")
    parser.addini(
        "async_emulator_config",
        "TOML file with the emulator's durations, choices and containers",
        type="paths",
        default=[],
    )


@pytest.fixture(scope="session")
def async_emulator_aws_url(request: pytest.FixtureRequest) -> str | None:
    """Override it to start a stand-in for AWS yourself. None: moto's server is started."""
    return str(request.config.getini("async_emulator_aws_url")) or None


@pytest.fixture(scope="session")
def async_emulator_credentials(async_emulator_aws_url: str | None) -> tuple[str, str] | None:
    """Access key and secret of root. None: new ones, which moto accepts.

    Where the stand-in is not moto, they are those in the environment.
    """
    if async_emulator_aws_url is None:
        return None
    return (
        os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
    )


@pytest.fixture(scope="session")
def async_emulator_config(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Override it to configure the emulator in Python."""
    config: dict[str, Any] = {}
    for file in request.config.getini("async_emulator_config"):
        config |= tomllib.loads(Path(file).read_text())
    return config


@pytest.fixture(scope="session")
def async_emulator_session(
    request: pytest.FixtureRequest,
    async_emulator_aws_url: str | None,
    async_emulator_credentials: tuple[str, str] | None,
    async_emulator_config: Mapping[str, Any],
) -> "Iterator[Sandbox]":
    """The running emulator. What a test leaves in it, the next one finds."""
    from async_endpoint_emulator.testing.sandbox import running_sandbox

    region = str(request.config.getini("async_emulator_region"))
    with running_sandbox(
        async_emulator_aws_url, async_emulator_config, region, async_emulator_credentials
    ) as sandbox:
        yield sandbox


@pytest.fixture
def async_emulator(async_emulator_session: "Sandbox") -> "Iterator[Sandbox]":
    """The running emulator, empty before and after the test."""
    async_emulator_session.reset()
    yield async_emulator_session
    async_emulator_session.reset()


@pytest.fixture
def async_emulator_environment(
    async_emulator: "Sandbox", monkeypatch: pytest.MonkeyPatch
) -> "Sandbox":
    """The same, and every AWS SDK in this process and its children uses it."""
    import boto3

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in async_emulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return async_emulator

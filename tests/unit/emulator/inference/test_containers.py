"""Commands for images, and the environment of a model server."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.inference.containers import KnownImages, ModelServer

NOTE = "import os; open('path', 'w').write(os.environ['PYTHONPATH'])"


def python_path(directory: Path, environment: Mapping[str, str]) -> str:
    """What a model server with this environment finds in PYTHONPATH."""

    async def serve() -> None:
        server = await ModelServer.launch(
            [sys.executable, "-c", NOTE], directory, environment, "endpoint"
        )
        await server.wait()
        await server.stop(0)

    asyncio.run(serve())
    return (directory / "path").read_text()


def test_a_model_server_finds_the_code_that_the_emulator_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/the/emulator")

    assert python_path(tmp_path, {}) == "/of/the/emulator"


def test_the_environment_of_a_model_takes_precedence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/the/emulator")

    assert python_path(tmp_path, {"PYTHONPATH": "/of/the/model"}) == "/of/the/model"


def test_the_first_expression_that_matches_names_the_command() -> None:
    images = KnownImages({"/scorer:": "{python} -m scorer 'a b'", "scorer": "other"})

    assert images.command("example/scorer:1") == [sys.executable, "-m", "scorer", "a b"]
    assert images.command("scorer:1") == ["other"]


def test_an_image_without_a_command_is_refused_with_what_to_add() -> None:
    with pytest.raises(DeploymentFailed, match="sagemaker-xgboost:1.*--config"):
        KnownImages({}).command("sagemaker-xgboost:1")

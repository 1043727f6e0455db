"""Commands for images, what a model server's process gets, and what an artifact cannot do to it."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from async_endpoint_emulator.errors import DeploymentFailed, InvalidConfiguration
from async_endpoint_emulator.model_servers.containers import (
    KnownImages,
    ModelServer,
    check_environment,
)
from async_endpoint_emulator.model_servers.warden import Warden

PRINT = "import json, os, pathlib; pathlib.Path(os.environ['OUT']).write_text(json.dumps({}))"
SEEN = PRINT.format("[dict(os.environ), os.getcwd(), os.listdir(), __import__('sys').path]")


def run(
    directory: Path, command: list[str], environment: Mapping[str, str]
) -> tuple[int, Path, Path]:
    """The exit code, the model's directory and the file that OUT names."""
    model, out = directory / "model", directory / "out"
    model.mkdir(exist_ok=True)

    async def launch() -> int:
        variables = {"OUT": str(out), **environment}
        warden = Warden(directory / "gone")
        try:
            server = await ModelServer.launch(command, model, variables, warden, print)
            try:
                return await asyncio.wait_for(server.wait(), 20)
            finally:
                await server.stop(0)
        finally:
            warden.close()

    return asyncio.run(launch()), model, out


@pytest.mark.parametrize(
    "name", ["hijack.py", "hijack/__init__.py", "sitecustomize.py", "usercustomize.py"]
)
@pytest.mark.parametrize("way", ["-c", "-m", "script"])
def test_nothing_of_an_artifact_is_imported_by_accident(
    tmp_path: Path, name: str, way: str
) -> None:
    planted = tmp_path / "model" / name
    planted.parent.mkdir(parents=True)
    planted.write_text(PRINT.format("'hijacked'"))
    code = "try: import hijack\nexcept ImportError: pass"
    script = tmp_path / "script.py"
    script.write_text(code)
    commands = {"-c": ["-c", code], "-m": ["-m", "hijack"], "script": [str(script)]}

    code_, _, out = run(tmp_path, [sys.executable, *commands[way]], {})

    assert not out.exists()
    assert code_ == (1 if way == "-m" else 0)


def test_no_program_of_an_artifact_is_run_by_accident(tmp_path: Path) -> None:
    planted = tmp_path / "model" / "serve"
    planted.parent.mkdir()
    planted.write_text('#!/bin/sh\ntouch "$OUT"\n')
    planted.chmod(0o755)

    with pytest.raises(DeploymentFailed, match="cannot start"):
        run(tmp_path, ["./serve"], {})

    assert not (tmp_path / "out").exists()


def test_a_server_finds_what_the_contract_promises_and_nothing_of_the_emulators_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PYTHONWARNINGS", "LD_LIBRARY_PATH", "BROWSER"):
        monkeypatch.setenv(name, "the emulator's")

    code, model, out = run(tmp_path, [sys.executable, "-c", SEEN], {"GREETING": "hello"})

    assert code == 0
    environment, where, there, _ = json.loads(out.read_text())
    assert environment["SM_MODEL_DIR"] == str(model)
    assert environment["GREETING"] == "hello"
    assert environment.keys() - {"LC_CTYPE"} == {
        "OUT",
        "GREETING",
        "SAGEMAKER_BIND_TO_PORT",
        "SM_MODEL_DIR",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "EMULATOR_TOKEN",
        *({"PATH", "HOME", "LANG", "PYTHONPATH"} & os.environ.keys()),
    }
    assert Path(where) != model
    assert there == []


@pytest.mark.parametrize(
    ("environment", "found"), [({}, "/of/the/emulator"), ({"PYTHONPATH": "/a"}, "/a")]
)
def test_a_server_finds_the_emulators_code_unless_its_environment_says_otherwise(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    found: str,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/the/emulator")

    _, _, out = run(tmp_path, [sys.executable, "-c", SEEN], environment)

    assert json.loads(out.read_text())[0]["PYTHONPATH"] == found


def test_an_authenticated_callers_environment_is_as_in_the_container(tmp_path: Path) -> None:
    given = {"PYTHONPATH": "/opt/program", "PATH": "/opt/bin:/usr/bin:/bin", "PYTHONSAFEPATH": ""}

    code, _, out = run(tmp_path, [sys.executable, "-c", SEEN], given)

    assert code == 0
    environment, _, _, path = json.loads(out.read_text())
    assert path[0] == "/opt/program"
    assert environment["PATH"] == given["PATH"]
    assert environment["PYTHONSAFEPATH"] == "1"


@pytest.mark.parametrize(
    "name",
    ["PYTHONPATH", "PYTHONWARNINGS", "PYTHONSTARTUP", "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH"]
    + ["BROWSER", "BASH_ENV", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "DYLD_INSERT_LIBRARIES"]
    + ["GUNICORN_CMD_ARGS", "UVICORN_LOG_CONFIG", "DOCKER_CONFIG", "DOTNET_STARTUP_HOOKS"]
    + ["OMP_TOOL_LIBRARIES", "CUDA_INJECTION64_PATH"],
)
def test_an_unproved_callers_environment_runs_no_code(name: str) -> None:
    with pytest.raises(DeploymentFailed, match=rf"sets {name}, which can run code"):
        check_environment({"GREETING": "hello", name: "x"})


@pytest.mark.parametrize(
    "name",
    ["GREETING", "SAGEMAKER_PROGRAM", "MODEL_PATH", "TS_MAX_REQUEST_SIZE", "OMP_NUM_THREADS"]
    + ["MMS_DEFAULT_WORKERS_PER_MODEL", "HF_TASK", "MY_PYTHON"],
)
def test_an_unproved_callers_settings_are_taken(name: str) -> None:
    check_environment({name: "x"})


def test_the_first_expression_that_matches_names_the_command() -> None:
    images = KnownImages({"/scorer:": "{python} -m scorer 'a b'", "scorer": "other"})

    assert images.command("example/scorer:1") == [sys.executable, "-m", "scorer", "a b"]
    assert images.command("scorer:1") == ["other"]


def test_an_image_without_a_command_is_refused_with_what_to_add() -> None:
    with pytest.raises(DeploymentFailed, match="sagemaker-xgboost:1.*--config"):
        KnownImages({}).command("sagemaker-xgboost:1")


@pytest.mark.parametrize("image", ["--privileged", "-v/:/host"])
def test_an_image_that_docker_takes_for_an_option_is_refused(image: str) -> None:
    with pytest.raises(DeploymentFailed, match=image):
        KnownImages({}, docker=True).command(image)


def test_a_placeholder_that_does_not_exist_is_refused_and_other_braces_are_not() -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        KnownImages({"example/words:": "{pyton} -m words"})

    assert str(refusal.value) == (
        "containers: 'example/words:': {pyton} is unknown (known: {python})"
    )
    code = "sh -c 'exec find ${HOME} -exec {python} {} +' {} '{\"seconds\": 1}'"
    assert KnownImages({"x": code}).command("x")[3:] == ["{}", '{"seconds": 1}']

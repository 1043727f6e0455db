"""Images in Docker, whose command is a program of the test: no daemon is here."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from async_endpoint_emulator.model_servers.containers import KnownImages, ModelServer
from async_endpoint_emulator.model_servers.docker_container import run_command
from async_endpoint_emulator.model_servers.warden import Warden

from tests.support.emulator.stack import alive, eventually

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"

# As Docker: the server is no child of the command. `rm` ends it, and so does SIGTERM.
DOCKER = """#!{python}
import json, os, pathlib, signal, subprocess, sys, time

state = pathlib.Path({state!r})
if sys.argv[1] == "run":
    arguments = sys.argv[2:]
    port = arguments[arguments.index("--publish") + 1].split(":")[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"],
        cwd=state / "root", start_new_session=True, stderr=subprocess.DEVNULL,
        env={{"PATH": os.environ["PATH"]}},
    )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    given = {{name: os.environ.get(name) for name in ("GREETING", "TOKEN")}}
    (state / "run.part").write_text(json.dumps([server.pid, arguments, given]))
    (state / "run.part").rename(state / "run")
    sys.exit(server.wait())
(state / "removed").write_text(" ".join(sys.argv[2:]))
server = json.loads((state / "run").read_text())[0]
try:
    os.kill(server, signal.SIGKILL)
except ProcessLookupError:
    pass
"""

Scene = Callable[[ModelServer], Awaitable[None]]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs, state = tmp_path / "bin", tmp_path / "state"
    programs.mkdir()
    (state / "root").mkdir(parents=True)
    (state / "root" / "ping").write_text("pong")
    docker = programs / "docker"
    docker.write_text(DOCKER.format(python=sys.executable, state=str(state)))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return state


def play(directory: Path, scene: Scene) -> None:
    files = directory / "files"
    (files / "model").mkdir(parents=True)

    async def run() -> None:
        warden = Warden(files)
        try:
            server = await ModelServer.launch(
                KnownImages({}, docker=True).command(IMAGE, ["GREETING"]),
                files / "model",
                {"GREETING": "hello"},
                warden,
                print,
            )
            await scene(server)
        finally:
            await asyncio.to_thread(warden.close)

    asyncio.run(asyncio.wait_for(run(), 60))


def running(state: Path) -> tuple[int, list[str], dict[str, str | None]]:
    eventually((state / "run").exists, "the container runs", 30)
    process, arguments, given = json.loads((state / "run").read_text())
    return process, arguments, given


async def answers(server: ModelServer) -> bool:
    async with aiohttp.ClientSession() as http:
        try:
            async with http.get(f"{server.url}/ping") as answer:
                return await answer.text() == "pong"
        except aiohttp.ClientError:
            return False


def test_a_container_answers_at_the_port_and_ends_with_a_stop(tmp_path: Path, state: Path) -> None:
    async def scene(server: ModelServer) -> None:
        process, arguments, given = await asyncio.to_thread(running, state)
        while not await answers(server):
            await asyncio.sleep(0.05)

        assert arguments[-2:] == [IMAGE, "serve"]
        assert f"{tmp_path}/files/model:/opt/ml/model" in arguments
        assert given == {"GREETING": "hello", "TOKEN": None}
        await server.stop(10)
        assert not alive(process)

    play(tmp_path, scene)


@pytest.mark.parametrize("ended_by", ["a crash", "the warden"])
def test_no_container_outlives_what_started_it(tmp_path: Path, state: Path, ended_by: str) -> None:
    async def scene(server: ModelServer) -> None:
        await asyncio.to_thread(running, state)
        if ended_by == "a crash":
            server.kill()

    play(tmp_path, scene)

    process, arguments, _ = running(state)
    eventually(lambda: not alive(process), "the container is gone", 20)
    name = arguments[arguments.index("--name") + 1]
    assert (state / "removed").read_text() == f"--force {name}"


def test_the_command_is_that_of_sagemaker() -> None:
    """docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"""
    assert run_command("image", "name", "49152", "/files/model", ["A", "B"]) == [
        *("docker", "run", "--rm", "--name", "name", "--publish", "127.0.0.1:49152:8080"),
        *("--volume", "/files/model:/opt/ml/model", "--env", "A", "--env", "B", "image", "serve"),
    ]


def test_a_command_precedes_docker() -> None:
    images = KnownImages({"xgboost": "python serve.py"}, docker=True)

    assert images.command(IMAGE) == ["python", "serve.py"]

"""Model servers with worker processes: none of them outlives its server or the emulator."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from async_endpoint_emulator.model_servers.containers import ModelServer
from async_endpoint_emulator.model_servers.warden import Warden

from tests.support.emulator.stack import alive, eventually

# Writes its own id and that of a worker, which ignores SIGTERM, and waits for input without end.
SERVER = """
import os, pathlib, subprocess, sys, time
worker = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)
started = subprocess.Popen(
    [sys.executable, "-c", worker], stdout=subprocess.PIPE, start_new_session={detached}
)
started.stdout.readline()
pathlib.Path(os.environ["OUT"]).write_text(f"{{os.getpid()}} {{started.pid}}")
{then}
"""
WAIT, END = "time.sleep(60)", "os._exit(1)"


@pytest.fixture
def ids(tmp_path: Path) -> Iterator[Callable[[], list[int]]]:
    """Reads what the server has written. Whatever is left of it is killed in the end."""

    def read() -> list[int]:
        out = tmp_path / "out"
        return [int(each) for each in out.read_text().split()] if out.exists() else []

    yield read
    for process in read():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def play(
    directory: Path,
    scene: Callable[[ModelServer], Awaitable[None]],
    *,
    then: str = WAIT,
    detached: bool = False,
) -> None:
    (directory / "model").mkdir()
    code = SERVER.format(detached=detached, then=then)

    async def run() -> None:
        warden = Warden(directory / "gone")
        try:
            command = [sys.executable, "-c", code]
            given = {"OUT": str(directory / "out")}
            server = await ModelServer.launch(command, directory / "model", given, warden, print)
            await asyncio.to_thread(eventually, (directory / "out").exists, "a worker")
            await asyncio.wait_for(scene(server), 20)
        finally:
            warden.close()

    asyncio.run(run())


@pytest.mark.parametrize("then", [WAIT, END], ids=["server runs", "server has crashed"])
def test_a_stop_ends_the_workers_too(
    tmp_path: Path, ids: Callable[[], list[int]], then: str
) -> None:
    async def scene(server: ModelServer) -> None:
        if then == END:
            await server.wait()
        await server.stop(0.2)

    play(tmp_path, scene, then=then)

    eventually(lambda: not any(alive(each) for each in ids()), "server and worker are gone", 5)


def test_the_workers_of_a_server_that_ends_in_time_are_not_waited_for(
    tmp_path: Path, ids: Callable[[], list[int]]
) -> None:
    async def scene(server: ModelServer) -> None:
        await asyncio.wait_for(server.stop(60), 10)

    play(tmp_path, scene)

    eventually(lambda: not any(alive(each) for each in ids()), "server and worker are gone", 5)


def test_a_process_that_has_left_the_group_delays_no_stop(
    tmp_path: Path, ids: Callable[[], list[int]]
) -> None:
    async def scene(server: ModelServer) -> None:
        await asyncio.wait_for(server.stop(0.2), 10)
        assert not server.running

    play(tmp_path, scene, detached=True)

    assert alive(ids()[1])  # so it could have


def test_the_warden_kills_what_is_left_and_deletes_the_files(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    left, ended = (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=0)
        for _ in "ab"
    )
    try:
        warden = Warden(files)
        for process in (left, ended):
            warden.watch(process.pid)
        warden.forget(ended.pid)
        warden.close()

        assert left.wait(10) == -signal.SIGKILL
        assert ended.poll() is None
        assert not files.exists()
    finally:
        for process in (left, ended):
            process.kill()
            process.wait()

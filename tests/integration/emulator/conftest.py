"""The emulator as a process, against an in-process moto."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from local.model.data import training_rows
from local.model.training import pack, train
from tests.support.emulator.stack import Clients, Stack, await_health, free_port

REPOSITORY = Path(__file__).resolve().parents[3]

QUICK = {
    "creation_seconds": 0.3,
    "update_seconds": 0.3,
    "scaling_seconds": 0.1,
    "rollback_seconds": 0.2,
    "deletion_seconds": 0.2,
    "ping_seconds": 0.3,
    "alarm_seconds": 0.1,
    "metrics_seconds": 0.5,
    "logs_seconds": 0.2,
    "containers": {
        "sagemaker-xgboost:": "{python} -m local.containers.xgboost",
        "example/scripted:": "{python} -m tests.integration.emulator.scripted_container",
        "example/broken:": "{python} -c 'raise SystemExit(1)'",
    },
}


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack(train(training_rows()), tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def variables(moto: str) -> dict[str, str]:
    """The environment of the emulator, and of a client."""
    return {
        "PATH": os.environ["PATH"],
        # The emulator of this checkout, whatever is installed; and its model servers.
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def running_emulator(
    moto: str,
    directory: Path,
    configuration: str = json.dumps(QUICK),
    *further: str,
    killed: bool = False,
    suffix: str = ".json",
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL and the process, which ends with the block and leaves nothing behind. `killed`: the
    block kills it. `suffix` is that of the configuration's file."""
    config = directory / f"config{suffix}"
    config.write_text(configuration)
    port = free_port()
    log = (directory / "log").open("w")
    options = ("--port", str(port), "--authorise", "none", "--work-dir", str(directory / "work"))
    process = subprocess.Popen(
        [sys.executable, "-m", "async_endpoint_emulator", *options, "--config", str(config)]
        + list(further),
        cwd=REPOSITORY,
        env=variables(moto),
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await_health(url)
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(20)
        finally:
            process.kill()
            log.close()
            print((directory / "log").read_text())
    assert code == (-signal.SIGKILL if killed else 0)
    assert killed or not (directory / "work").exists()


@pytest.fixture(scope="session")
def emulator(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(moto, tmp_path_factory.mktemp("emulator")) as (url, _):
        yield url


@pytest.fixture(scope="session")
def clients(moto: str, emulator: str) -> Iterator[Clients]:
    clients = Clients(moto, emulator)
    yield clients
    clients.close()


@pytest.fixture
def stack(clients: Clients, artifact: Path) -> Iterator[Stack]:
    """A fresh bucket, role, topics, queue and names on the shared servers."""
    stack = Stack(clients, artifact)
    yield stack
    stack.close()

"""An emulator of its own, beside a deployed stack, in which nothing takes long."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local.machine.tcp_ports import free_ports
from local.stack.servers import EMULATOR_CONFIG, answers, parts
from local.stack.settings import REPOSITORY, StackSettings
from tests.support.stack import RunningStack

_SECONDS = 60.0

_QUICK = {
    "creation_seconds": 0.1,
    "update_seconds": 0.1,
    "rollback_seconds": 0.1,
    "deletion_seconds": 0.1,
}


@contextmanager
def quick_sagemaker(
    stack: RunningStack, directory: Path, **config: object
) -> Iterator[StackSettings]:
    """Without any endpoint yet. Gives settings that lead to it; `config` is the emulator's."""
    settings = replace(stack.settings, sagemaker_port=free_ports(1)[0])
    file = directory / "config.json"
    containers = json.loads(EMULATOR_CONFIG.read_text())
    file.write_text(json.dumps({**containers, **_QUICK, **config}))
    (part,) = (part for part in parts(settings) if part.name == "sagemaker")
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [*part.command, "--work-dir", str(directory / "work"), "--config", str(file)],
            cwd=REPOSITORY,
            env=dict(part.environment()),
            stdout=log,
            stderr=log,
        )
    try:
        _await_health(settings)
        yield settings
    finally:
        process.terminate()
        process.wait(20)


def _await_health(settings: StackSettings) -> None:
    deadline = time.monotonic() + _SECONDS
    while not answers(f"{settings.sagemaker_url}/_emulator/health"):
        assert time.monotonic() < deadline, "the emulator does not answer"
        time.sleep(0.1)

"""One local stack for a whole test run: started by the first test that needs it, stopped whatever
happens.

Tests use it through the fixture `stack` in `tests/conftest.py`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from unittest import mock

from local.errors import LocalStackError
from local.machine import private
from local.machine.lock import held
from local.machine.tcp_ports import free_ports
from local.stack.clients import Clients
from local.stack.deployment import stack_outputs
from local.stack.environment import read_environment_file
from local.stack.settings import REPOSITORY, STACK_NAME, StackSettings
from tests.support.targets import PARAMETERS

# Waits until its standard input is closed, which happens even when pytest is killed. A command that
# pytest left behind may hold the stack's lock for a while.
_WATCH = """
cat > /dev/null
tries=0
until "$0" -m local down || [ $((tries += 1)) -gt 60 ]; do sleep 2; done
"""

_UP_SECONDS = 300


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A deployed stack. `environment` holds exactly what its `env` file exports."""

    settings: StackSettings
    environment: Mapping[str, str]
    outputs: Mapping[str, str]

    @contextmanager
    def variables(self) -> Iterator[None]:
        """The environment after `source .local/env`, and nothing else that AWS SDKs read."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with mock.patch.dict(os.environ, others | dict(self.environment), clear=True):
            yield

    @property
    def artifact(self) -> str:
        """S3 URI of the model. Its bucket has the packages of every stack of the tests too."""
        found = Clients(self.settings).cloudformation.describe_stacks(StackName=STACK_NAME)
        parameters = found["Stacks"][0]["Parameters"]
        given = {each["ParameterKey"]: each["ParameterValue"] for each in parameters}
        return given["ModelDataUrl"]

    @property
    def directory(self) -> Path:
        """Logs are under `logs/`, the built functions and layer under `.aws-sam/build/`."""
        return self.settings.directory


@contextmanager
def own_directory(parent: Path) -> Iterator[Path]:
    """Yield the first directory for a stack that no other test run uses.

    Its files stay, so that `sam` finds its cache and a person the logs. The name has a space
    because the paths of developers have.
    """
    with ExitStack() as exits:
        for number in count(1):
            directory = parent / ("test stack" if number == 1 else f"test stack {number}")
            private.make_directory(directory)
            with suppress(LocalStackError):
                exits.enter_context(held(directory / "tests", "another test run uses it"))
                break
        yield directory


@contextmanager
def running_stack(directory: Path) -> Iterator[RunningStack]:
    """Brings a stack up on free ports; takes it down even when this process is killed.

    `directory` may be used again: `sam` then finds its cache there.
    """
    aws_port, sagemaker_port = free_ports(2)
    settings = StackSettings(directory, aws_port, sagemaker_port, PARAMETERS)
    environment = command_environment(settings)
    with taken_down(REPOSITORY, environment):
        up = run_local("up", settings, _UP_SECONDS)
        if up.returncode:
            raise RuntimeError(f"`python -m local up` failed:\n{up.stdout}{up.stderr}")
        environment_file = read_environment_file(settings)
        yield RunningStack(settings, environment_file, stack_outputs(Clients(settings)))


@contextmanager
def taken_down(tree: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Take the stack of a working tree down at the end, even when this process is killed."""
    with subprocess.Popen(
        ["/bin/sh", "-c", _WATCH, sys.executable],
        cwd=tree,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ):
        # Leaving the block closes its standard input and waits until the stack is down.
        yield


def run_local(
    command: str, settings: StackSettings, seconds: float, *options: str
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m local COMMAND` for that stack, as `make` does."""
    return subprocess.run(
        [sys.executable, "-m", "local", command, *options],
        cwd=REPOSITORY,
        env=command_environment(settings),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def command_environment(settings: StackSettings) -> dict[str, str]:
    """The environment in which `python -m local` works on that stack."""
    return os.environ | {
        "RELAY_LOCAL_DIR": str(settings.directory),
        "RELAY_AWS_PORT": str(settings.aws_port),
        "RELAY_SAGEMAKER_PORT": str(settings.sagemaker_port),
        "RELAY_PARAMETERS": json.dumps(dict(settings.parameters)),
    }

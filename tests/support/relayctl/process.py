"""`relayctl` as a process, on a stack that runs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from local.stack.settings import REPOSITORY
from tests.support.stack import RunningStack


@dataclass(frozen=True, slots=True)
class RelayctlProcess:
    """Runs commands as a person does after `. .local/env`."""

    stack: RunningStack

    def __call__(
        self, *arguments: str, exits: int = 0, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, which has to end with that exit code."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        paths = {"PYTHONPATH": os.pathsep.join((str(REPOSITORY / "layers/relay"), str(REPOSITORY)))}
        done = subprocess.run(
            [sys.executable, "-m", "relayctl", *arguments],
            env=others | dict(self.stack.environment) | paths,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == exits, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    def document(self, *arguments: str, exits: int = 0, seconds: float = 60) -> Any:
        """Run a command with `--json`, and return what it prints."""
        return json.loads(self(*arguments, "--json", exits=exits, seconds=seconds).stdout)

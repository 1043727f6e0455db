"""What an operator sees of the demo with `relayctl`, before its stack stops."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterator

from local.errors import LocalStackError
from local.stack.environment import child_variables
from local.stack.settings import REPOSITORY, StackSettings

_COMMAND = (sys.executable, "-m", "relayctl")
_SECONDS = 60
# Of `relayctl`: done, and done with a finding that needs a person.
_DONE = (0,)
_DONE_OR_FINDING = (0, 1)
_COUNT = ("count", "--since", "1h")
_LIST = ("list", "--since", "1h", "--state", "failed")


def operate(settings: StackSettings) -> Iterator[str]:
    """Run commands of `relayctl` on the stack that is up; yield each with what it prints.

    Raises:
        LocalStackError: a command ends in another way than it should.
    """
    yield "The same, as an operator sees it:"
    yield _shown(settings, _COUNT)
    yield _shown(settings, _LIST)
    listed = json.loads(_run(settings, (*_LIST, "--limit", "1", "--json")))
    for request in listed["requests"]:
        yield _shown(settings, ("status", request["request_id"]), _DONE_OR_FINDING)
    yield _shown(settings, ("parked",), _DONE_OR_FINDING)


def _shown(
    settings: StackSettings, arguments: Collection[str], expected: Collection[int] = _DONE
) -> str:
    return f"\n$ .venv/bin/relayctl {shlex.join(arguments)}\n{_run(settings, arguments, expected)}"


def _run(
    settings: StackSettings, arguments: Collection[str], expected: Collection[int] = _DONE
) -> str:
    ended = subprocess.run(  # noqa: S603 - our own command
        [*_COMMAND, *arguments],
        cwd=REPOSITORY,
        env=child_variables(settings, os.environ),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if ended.returncode not in expected:
        raise LocalStackError(
            f"relayctl {shlex.join(arguments)} ended with {ended.returncode}: "
            f"{ended.stderr.strip() or ended.stdout.strip()}"
        )
    return ended.stdout.rstrip()

"""Keeps the local stack within reach of `sam local`, for a developer who types its commands."""

import shlex
import signal
import sys
from pathlib import Path

from local.machine.interruption import Interrupted
from local.sam_local import image
from local.sam_local.bridge import connected
from local.sam_local.invoke import check_stack
from local.stack.deployment import machine_parameters
from local.stack.settings import REPOSITORY, StackSettings


def connect(settings: StackSettings, base: str) -> int:
    """Connects containers of the image until it is interrupted, which is how it ends well."""
    check_stack(settings)
    try:
        with connected(settings, base, print):
            print(_directions(settings), flush=True)
            while True:
                signal.pause()
    except Interrupted:
        print("disconnected; the image is removed")
        return 0


def _directions(settings: StackSettings) -> str:
    variables = _shown(settings.directory / "sam" / "variables.json")
    template = _shown(settings.sam_directory / "build" / "template.yaml")
    programs = Path(sys.executable).parent
    return f"""
Containers of the image {image.NAME} reach the local stack until Ctrl-C. In another shell, in
{REPOSITORY}:

    . {_shown(settings.environment_file)}
    {_shown(programs / "python")} -m local.functions.sam_variables > {variables}
    {_shown(programs / "sam")} local invoke RouteFunction \\
      --event events/route/completed-via-sqs.json --env-vars {variables} \\
      --invoke-image {image.NAME} --skip-pull-image --template-file {template} \\
      --parameter-overrides {" ".join(machine_parameters())}
"""


def _shown(path: Path) -> str:
    """The path as a shell in the repository reads it."""
    inside = path.is_relative_to(REPOSITORY)
    return shlex.quote(str(path.relative_to(REPOSITORY) if inside else path))

"""Keeps the local stack within reach of `sam local`, for a developer who types its commands."""

import signal

from local.deployment import machine_parameters
from local.sam_local import image
from local.sam_local.bridge import connected
from local.sam_local.invoke import check_stack
from local.settings import StackSettings


def connect(settings: StackSettings, base: str) -> int:
    """Connects containers of the image until it is interrupted."""
    check_stack(settings)
    with connected(settings, base, print):
        print(_directions(settings), flush=True)
        while True:
            signal.pause()


def _directions(settings: StackSettings) -> str:
    template = settings.sam_directory / "build" / "template.yaml"
    return f"""
Containers of the image {image.NAME} reach the local stack until Ctrl-C. In another shell:

  . {settings.environment_file}
  .venv/bin/python -m local.sam_variables > variables.json
  .venv/bin/sam local invoke RouteFunction --event events/route/completed-via-sqs.json \\
    --env-vars variables.json --invoke-image {image.NAME} --skip-pull-image \\
    --template-file {template} --parameter-overrides {" ".join(machine_parameters())}
"""

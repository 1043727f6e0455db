"""Runs an image as SageMaker does, in Docker, in place of a process of this machine.

This module runs as a process for each container: `docker run IMAGE serve`, with the model in
/opt/ml/model, and port 8080 at the port that the emulator expects.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html

The container is Docker's child and not this process's: a signal that ends this process does not end
it. So a second process waits for the end of this one, and then removes the container.
"""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence

_OWN = ("SM_MODEL_DIR", "EMULATOR_TOKEN", "SAGEMAKER_BIND_TO_PORT")


def run_command(
    image: str, name: str, port: str, model: str, variables: Sequence[str]
) -> list[str]:
    """Docker takes the values of the variables from its own environment."""
    named = [word for each in variables for word in ("--env", each)]
    return [
        *("docker", "run", "--rm", "--name", name),
        *("--publish", f"127.0.0.1:{port}:8080"),
        *("--volume", f"{model}:/opt/ml/model"),
        *named,
        *(image, "serve"),
    ]


def main(image: str, *variables: str) -> int:
    """Return when the container has ended. It gets these variables of this process."""
    name = f"async-endpoint-emulator-{secrets.token_hex(6)}"
    command = run_command(
        image,
        name,
        os.environ["SAGEMAKER_BIND_TO_PORT"],
        os.environ["SM_MODEL_DIR"],
        variables,
    )
    guard = _guard(name)
    # Docker's command has SIGTERM too, and passes it on to the container. This process waits with a
    # handler: Docker's command would inherit that the signal is ignored.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - of an operator's image
    finally:
        guard.communicate()


def _guard(name: str) -> "subprocess.Popen[bytes]":
    """Removes the container when the pipe ends, and with it this process."""
    script = f"cat > /dev/null; docker rm --force {name} > /dev/null 2>&1"
    # Without what names a model server, so that it outlives those.
    environment = {each: value for each, value in os.environ.items() if each not in _OWN}
    return subprocess.Popen(  # noqa: S603 - a name of this module
        ["/bin/sh", "-c", script],
        cwd="/",  # the directory of this process is deleted before the container is
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The image whose containers use the local stack: a base image, and what leads there."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

from local.functions.deployed import sdk_variables
from local.sam_local import docker, stand_in, tunnel
from local.sam_local.docker import DockerError
from local.stack.certificate import Certificate
from local.stack.deployment import machine_parameters
from local.stack.settings import StackSettings

# What `sam local invoke --invoke-image` takes.
NAME = "relay-local-stack"

# `sam` fills /opt with the layer and /var/task with the code.
DIRECTORY = "/var/local-stack"
TUNNEL = f"{DIRECTORY}/tunnel.py"
_CERTIFICATE = f"{DIRECTORY}/server.pem"
_WRAPPER = f"{DIRECTORY}/wrapper"


def base_image(wanted: str | None = None) -> str:
    """The base image: the given one, or AWS's for the runtime that the stack was built for."""
    if wanted:
        return wanted
    parameters = dict(each.split("=") for each in machine_parameters())
    version = parameters["PythonRuntime"].removeprefix("python")
    return f"public.ecr.aws/lambda/python:{version}-{parameters['Architecture']}"


def build(
    base: str, settings: StackSettings, labels: Mapping[str, str], report: Callable[[str], None]
) -> None:
    """Makes the image, and pulls the base image first where it is missing.

    Raises:
        DockerError: the base image cannot be had; with what to do about it.
    """
    if not docker.has_image(base):
        _pull(base, report)
    docker.run("build", "--quiet", "--tag", NAME, "-", given=_context(base, settings, labels))


def variables(settings: StackSettings) -> dict[str, str]:
    """What a container of the image finds in its environment.

    They are in the image because `sam local` passes only variables that the template declares.
    """
    leading = {
        name: _CERTIFICATE if name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE") else value
        for name, value in sdk_variables(settings).items()
        if name != "AWS_REGION"  # `sam` passes that one
    }
    return leading | {
        # Lambda's runtimes, and so AWS's images, leave their own start to this program:
        # https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
        "AWS_LAMBDA_EXEC_WRAPPER": _WRAPPER,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Docker's own configuration may name a proxy, which `sam` passes.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def ports(settings: StackSettings) -> tuple[str, ...]:
    return (str(settings.aws_port), str(settings.sagemaker_port))


def _pull(base: str, report: Callable[[str], None]) -> None:
    report(f"pulling {base}")
    try:
        docker.run("pull", "--quiet", base)
    except DockerError as error:
        raise DockerError(
            f"there is no image {base} here, and it cannot be pulled ({error}). Where no registry "
            "can be reached, `make sam-stand-in` makes an image of this machine's Python, and "
            f"IMAGE={stand_in.name()} uses it"
        ) from error


def _context(base: str, settings: StackSettings, labels: Mapping[str, str]) -> bytes:
    """What `docker build` reads: the Dockerfile and three files, as a tar archive."""
    stated = "".join(f"LABEL {json.dumps(k)}={json.dumps(v)}\n" for k, v in labels.items())
    given = "".join(f"ENV {k}={json.dumps(v)}\n" for k, v in variables(settings).items())
    # The runtime's own interpreter is the first word of the command line that a wrapper gets.
    wrapper = (
        f'#!/bin/sh\n"$1" -I -S {TUNNEL} wait {" ".join(ports(settings))} || exit 1\nexec "$@"\n'
    )
    contents = {
        "Dockerfile": f"FROM {base}\n{stated}{given}COPY files {DIRECTORY}\n".encode(),
        "files/server.pem": Certificate.at(settings.tls).certificate.read_bytes(),
        "files/tunnel.py": Path(tunnel.__file__).read_bytes(),
        "files/wrapper": wrapper.encode(),
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for at, content in contents.items():
            entry = tarfile.TarInfo(at)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()

"""The Docker daemon, by way of Docker's own command."""

import os
import shutil
import subprocess
import time

from local.errors import LocalStackError

# Where `sam` looks, which does not know of Docker's contexts.
_DEFAULT_HOST = "unix:///var/run/docker.sock"

_REMOVAL_SECONDS = 20.0
_POLL_SECONDS = 0.2

_INSTALL = (
    "Install Docker and start it (Debian and Ubuntu: `apt-get install docker.io`), or do without: "
    "`make invoke` runs the same function with the same runtime emulator, and needs no Docker."
)


class DockerError(LocalStackError):
    """A command of Docker failed."""


def environment() -> dict[str, str]:
    """The environment in which `docker` talks to the daemon that `sam` talks to."""
    own = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
    return own | {"DOCKER_HOST": os.environ.get("DOCKER_HOST") or _DEFAULT_HOST}


def why_unavailable() -> str | None:
    """Says why no container can be started, or None when a daemon answers."""
    if shutil.which("docker") is None:
        return f"there is no `docker` command on this machine. {_INSTALL}"
    try:
        run("version", "--format", "{{.Server.Version}}", seconds=20)
    except DockerError as error:
        return f"no Docker daemon answers ({error}). {_INSTALL}"
    return None


def check() -> None:
    """Raises DockerError when no container can be started, with what to do about it."""
    if (reason := why_unavailable()) is not None:
        raise DockerError(reason)


def run(*arguments: str, given: bytes | None = None, seconds: float = 600) -> str:
    """Runs `docker ARGUMENTS` and returns its output.

    Raises:
        DockerError: it failed; with the end of what it said.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments],  # noqa: S607 - wherever the developer has it
            env=environment(),
            input=given or b"",
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise DockerError(f"`docker {arguments[0]}` took more than {seconds:.0f} s") from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise DockerError(f"`docker {arguments[0]}` failed: {' '.join(said) or 'it said nothing'}")
    return done.stdout.decode(errors="replace").strip()


def has_image(name: str) -> bool:
    try:
        run("image", "inspect", "--format", "{{.Id}}", name)
    except DockerError as error:
        if "no such image" in str(error).lower():
            return False
        raise
    return True


def remove_labelled(label: str) -> None:
    """Removes every container and every image with that label, running or used as they may be.

    A container has the labels of its image, and an image those of the one it was made from.

    Raises:
        DockerError: something is left.
    """
    deadline = time.monotonic() + _REMOVAL_SECONDS
    # Newest first, so that what was made from another image goes before that one.
    while (containers := _labelled("ps", "--all", label)) + (images := _labelled("images", label)):
        try:
            for container in containers:
                run("rm", "--force", "--volumes", container)
            for image in images:
                run("rmi", "--force", image)
        except DockerError:
            # `sam` removes its container itself, perhaps at this moment.
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def _labelled(*arguments: str) -> list[str]:
    *listing, label = arguments
    return run(*listing, "--quiet", "--filter", f"label={label}").split()

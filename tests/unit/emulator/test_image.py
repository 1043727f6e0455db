"""The image and the compose file, without Docker: what can be read in them holds.

`test_the_image_runs` builds the image where a Docker daemon answers.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from async_endpoint_emulator.__main__ import read_arguments, read_config
from async_endpoint_emulator.model_servers.containers import KnownImages

from local.sam_local import docker

EMULATOR = Path(__file__).parents[3] / "emulator"
COMPOSE = EMULATOR / "examples" / "compose"


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction of the Dockerfile with what follows it, on one line."""
    text = (EMULATOR / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line:
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


def given(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    return services


def entrypoint() -> list[str]:
    [text] = given("ENTRYPOINT")
    words: list[str] = json.loads(text)
    return words


def test_what_is_copied_exists_and_is_in_the_context() -> None:
    ignored = (EMULATOR / ".dockerignore").read_text().split()
    sources = [
        word
        for line in given("COPY")
        for word in shlex.split(line)[:-1]
        if not line.startswith("--from")
    ]

    assert sources == ["pyproject.toml", "README.md", "LICENSE", "src"]
    for source in sources:
        assert (EMULATOR / source).exists()
        assert f"!{source}" in ignored


def test_images_have_a_version() -> None:
    images = [*given("FROM"), *(each["image"] for each in services().values() if "image" in each)]

    assert len(images) == 3
    for image in images:
        assert re.match(r"\S+:\d+\.\d+\S*( AS \w+)?$", image), image


def test_the_emulator_does_not_run_as_root_and_gets_signals_itself() -> None:
    order = [name for name, _ in instructions()]

    assert given("USER") == ["emulator"]
    assert order.index("USER") > max(n for n, name in enumerate(order) if name == "RUN")
    assert entrypoint()[0] == "async-endpoint-emulator"


@pytest.mark.parametrize(
    "command", [["--authorise", "root"], services()["sagemaker"]["command"]], ids=["CMD", "compose"]
)
def test_the_options_are_those_of_the_emulator(command: Sequence[str]) -> None:
    arguments = read_arguments([*entrypoint()[1:], *command])

    assert arguments.host == "0.0.0.0"  # noqa: S104 - of the container
    assert f"{arguments.port}" in given("EXPOSE")
    assert arguments.authorise == "root"
    assert json.loads(given("CMD")[0]) == ["--authorise", "root"]


def test_the_compose_file_publishes_ports_to_this_machine_alone() -> None:
    ports = [port for each in services().values() for port in each["ports"]]

    assert len(ports) == 2
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_emulator_is_called_by_the_name_of_its_service() -> None:
    arguments = read_arguments(services()["sagemaker"]["command"])

    assert arguments.host_name == ["sagemaker"]


def test_the_model_server_of_the_compose_file_is_there() -> None:
    [mount] = services()["sagemaker"]["volumes"]
    arguments = read_arguments(services()["sagemaker"]["command"])
    config = read_config(COMPOSE / arguments.config.name)
    command = KnownImages(config.containers).command("example/upper:1")

    assert mount == ".:/model:ro"
    assert arguments.config.parent == Path("/model")
    assert command[3] == "/model"
    assert (COMPOSE / command[-1]).exists()
    assert (COMPOSE / services()["sagemaker"]["build"]).resolve() == EMULATOR


@pytest.mark.skipif(docker.why_unavailable() is not None, reason="no Docker daemon answers")
def test_the_image_runs() -> None:
    docker.run("build", "--quiet", "--tag", "async-endpoint-emulator-test", str(EMULATOR))

    said = docker.run("run", "--rm", "async-endpoint-emulator-test", "--version")

    assert said.startswith("async-endpoint-emulator ")

"""What a developer reads where Docker does not work, and what is given to it where it does."""

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from samcli.local.lambdafn.env_vars import EnvironmentVariables

from local.errors import LocalStackError
from local.sam_local import docker, image
from local.sam_local.__main__ import main
from local.stack import root_user
from local.stack.certificate import issue
from local.stack.deployment import machine_parameters
from local.stack.environment import client_variables
from local.stack.settings import StackSettings

FakeDocker = Callable[[str], None]


@pytest.fixture
def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """Puts a `docker` of the given shell code on the path, and nothing else in front of it."""

    def put(body: str) -> None:
        directory = tmp_path / "bin"
        directory.mkdir(exist_ok=True)
        program = directory / "docker"
        program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    made = StackSettings(tmp_path / "stack", 5566, 5567)
    root_user.issue(made)
    issue(made.tls)
    return made


def test_without_the_command_it_says_what_to_install_and_what_does_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LocalStackError, match="no `docker` command") as raised:
        docker.check()

    assert "apt-get install docker.io" in str(raised.value)
    assert "make invoke" in str(raised.value)


def test_without_a_daemon_it_says_why_in_dockers_own_words(fake_docker: FakeDocker) -> None:
    fake_docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1")

    with pytest.raises(LocalStackError, match="Cannot connect to the Docker daemon"):
        docker.check()


@pytest.mark.parametrize("variable", ["", "tcp://127.0.0.1:1"])
def test_docker_is_asked_where_sam_asks_whatever_context_is_chosen(
    fake_docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    fake_docker('echo "$DOCKER_HOST,$DOCKER_CONTEXT"')
    monkeypatch.setenv("DOCKER_HOST", variable)
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")

    assert docker.run("version") == f"{variable or 'unix:///var/run/docker.sock'},"


def test_a_missing_base_image_names_the_command_for_the_stand_in(
    fake_docker: FakeDocker, settings: StackSettings
) -> None:
    fake_docker(
        'said="no such host"; [ "$1" = image ] && said="Error: No such image: x"\n'
        'echo "$said" >&2; exit 1'
    )

    with pytest.raises(LocalStackError, match="no such host") as raised:
        image.build("public.ecr.aws/lambda/python:3.13-arm64", settings, {}, lambda _: None)

    assert "make sam-stand-in" in str(raised.value)
    assert "IMAGE=relay-lambda-stand-in:python3." in str(raised.value)


def test_the_base_image_is_aws_own_for_the_runtime_that_was_built() -> None:
    runtime, architecture = (each.split("=")[1] for each in machine_parameters())

    assert image.base_image() == (
        f"public.ecr.aws/lambda/python:{runtime.removeprefix('python')}-{architecture}"
    )
    assert image.base_image("my/image:1") == "my/image:1"


def test_sam_drops_a_variable_that_the_template_does_not_declare() -> None:
    """Why the image has to carry them. SAM 1.167; when this changes, it need not."""
    given = {"DECLARED": "x", "AWS_ENDPOINT_URL": "https://127.0.0.1:4566"}

    passed = EnvironmentVariables(variables={"DECLARED": ""}, override_values=given).resolve()

    assert passed["DECLARED"] == "x"
    assert "AWS_ENDPOINT_URL" not in passed


def test_the_image_leads_every_client_to_the_stack_without_credentials_or_paths_of_this_machine(
    fake_docker: FakeDocker, settings: StackSettings, tmp_path: Path
) -> None:
    fake_docker('[ "$1" = build ] && cat > context.tar; exit 0')

    image.build("my/image:1", settings, {"ours": "yes"}, lambda _: None)

    with tarfile.open(fileobj=io.BytesIO((tmp_path / "context.tar").read_bytes())) as context:
        files = {each.name: context.extractfile(each).read().decode() for each in context}  # type: ignore[union-attr]
    dockerfile = files["Dockerfile"].splitlines()
    stated = dict(line.removeprefix("ENV ").split("=", 1) for line in dockerfile if "ENV " in line)
    assert dockerfile[0] == "FROM my/image:1"
    assert 'LABEL "ours"="yes"' in dockerfile
    urls = {k: f'"{v}"' for k, v in client_variables(settings).items() if "ENDPOINT_URL" in k}
    assert urls.items() <= stated.items()
    assert not [name for name in stated if "KEY" in name or "TOKEN" in name]
    assert str(tmp_path) not in files["Dockerfile"]
    authority = stated["AWS_CA_BUNDLE"].strip('"').replace(image.DIRECTORY, "files")
    assert files[authority] == (settings.tls / "server.pem").read_text()
    wrapper = stated["AWS_LAMBDA_EXEC_WRAPPER"].strip('"').replace(image.DIRECTORY, "files")
    assert "wait 5566 5567" in files[wrapper]


def test_what_sam_removes_at_the_same_moment_is_no_error(fake_docker: FakeDocker) -> None:
    fake_docker(
        'case "$1" in\n'
        "ps) [ -e removed ] || echo abc;;\n"
        'rm) touch removed; echo "removal of container abc is already in progress" >&2; exit 1;;\n'
        "esac"
    )

    docker.remove_labelled("ours=yes")


@pytest.mark.parametrize("arguments", [[], ["dance"], ["connect", "more"]])
def test_wrong_usage_lists_the_commands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "python -m local.sam_local connect" in capsys.readouterr().err


def test_without_a_stack_it_says_how_one_is_started(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("local.machine.interruption.install", lambda: None)
    monkeypatch.setenv("RELAY_LOCAL_DIR", str(tmp_path))

    code = main(["invoke", "route", "events/route/completed-via-sqs.json"])

    assert code == 1
    assert "`make up` starts one" in capsys.readouterr().err

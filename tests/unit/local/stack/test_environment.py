"""The variables that lead to the local stack."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from unittest import mock

import boto3
import pytest
from botocore import credentials
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import (
    AssumeRoleWithWebIdentityProvider,
    BotoProvider,
    ContainerProvider,
    OriginalEC2Provider,
)
from botocore.session import Session

from local.stack import root_user
from local.stack.environment import (
    child_variables,
    client_variables,
    read_environment_file,
    write_environment_file,
)
from local.stack.settings import StackSettings

PATH = os.environ["PATH"]

SHELLS = [
    pytest.param(
        name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name} here")
    )
    for name in ("sh", "dash", "bash", "zsh")
]


@pytest.fixture(params=["plain", "with space", 'it\'s "$HOME" `id`'])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> StackSettings:
    return _started(tmp_path / str(request.param))


@pytest.fixture
def plain(tmp_path: Path) -> StackSettings:
    settings = _started(tmp_path)
    write_environment_file(settings)
    return settings


def test_the_file_gives_back_what_was_written(settings: StackSettings) -> None:
    write_environment_file(settings)

    assert read_environment_file(settings) == client_variables(settings)


def test_a_shell_that_sources_the_file_has_the_variables(settings: StackSettings) -> None:
    write_environment_file(settings)

    printed = _in_a_shell(settings, 'printf %s "$AWS_CA_BUNDLE"', {})

    assert printed == str(settings.tls / "server.pem")


@pytest.mark.parametrize("shell", SHELLS)
def test_relayctl_is_the_one_beside_the_python_of_the_stack(
    settings: StackSettings, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "my bin"
    installed.mkdir()
    command = installed / "relayctl"
    command.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(installed / "python"))
    write_environment_file(settings)

    assert _run(shell, settings, "relayctl status 'a b'", {}).stdout == "status|a b|"


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_that_the_shell_had_for_aws_is_left(plain: StackSettings, shell: str) -> None:
    had = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_S3": "https://s3.eu-west-1.amazonaws.com",
        "AWS_ENDPOINT_URL_SQS": "https://elsewhere.example\nAWS_REGION=eu-west-1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_A_VARIABLE_OF_TOMORROW": "1",
        "BOTO_CONFIG": "/home/me/.boto",
        "HTTPS_PROXY": "http://proxy.example:3128",
    }

    left = _variables_after_source(plain, had, shell)

    assert {name: left[name] for name in left if name.startswith(("AWS", "BOTO"))} == {
        name: value for name, value in client_variables(plain).items() if name.startswith("AWS")
    }
    assert left["NO_PROXY"] == left["no_proxy"] == "127.0.0.1,localhost"
    assert left["HTTPS_PROXY"] == had["HTTPS_PROXY"]


def test_every_variable_that_botocore_reads_is_set_or_unset(plain: StackSettings) -> None:
    mapping = credentials.EnvProvider()._mapping.values()  # type: ignore[attr-defined]
    services = Session().get_available_services()
    known = {
        *_names(variable for _, variable, *_ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values()),
        *_names(mapping),
        *_names(AssumeRoleWithWebIdentityProvider._CONFIG_TO_ENV_VAR.values()),  # type: ignore[attr-defined]
        *_names(v for k, v in vars(ContainerProvider).items() if k.startswith("ENV_VAR")),
        *(f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}" for name in services),
        OriginalEC2Provider.CRED_FILE_ENV,
        BotoProvider.BOTO_CONFIG_ENV,
    }
    assert {"AWS_ROLE_ARN", "AWS_PROFILE", "AWS_ENDPOINT_URL_SQS", "BOTO_CONFIG"} <= known

    left = _variables_after_source(plain, dict.fromkeys(known, "elsewhere"))

    # How connections are kept open leads nowhere.
    assert {name for name in known if left.get(name) == "elsewhere"} <= {"BOTOCORE_TCP_KEEPALIVE"}


def test_botocore_calls_the_local_stack_alone_after_the_file_is_sourced(
    plain: StackSettings,
) -> None:
    had = {f"AWS_ENDPOINT_URL_{name}": "https://elsewhere.example" for name in ("S3", "SQS")}
    had |= {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}

    with mock.patch.dict(os.environ, _variables_after_source(plain, had), clear=True):
        urls = {
            name: boto3.Session().client(name).meta.endpoint_url
            for name in ("s3", "sqs", "sagemaker", "sagemaker-runtime", "sts")
        }

    assert urls == {
        **dict.fromkeys(("s3", "sqs", "sts"), plain.aws_url),
        **dict.fromkeys(("sagemaker", "sagemaker-runtime"), plain.sagemaker_url),
    }


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12", True),
        ("aws-cli/2.12.7 Python/3.11.4", True),
        ("aws-cli/1.22.34 Python/3.10.6", True),
        ("aws-cli/2.13.0 Python/3.11.4", False),
        ("aws-cli/2.27.1 Python/3.13.2", False),
        ("aws-cli/2.100.0 Python/3.13.2", False),
        # Obeys it, but not in `aws sqs`.
        ("aws-cli/1.45.11 Python/3.11.7", True),
    ],
)
def test_a_command_line_that_would_call_aws_is_refused(
    plain: StackSettings, tmp_path: Path, shell: str, version: str, refused: bool
) -> None:
    programs = _aws_command(tmp_path, version)

    done = _run(
        shell, plain, "aws s3 ls || echo $?; aws s3 ls || echo $?", {"PATH": f"{programs}:{PATH}"}
    )

    if refused:
        assert done.stdout.split() == ["1", "1"]
        assert version.split()[0] in done.stderr
        assert "2.13.0" in done.stderr
    else:
        assert (done.stdout.splitlines(), done.stderr) == (["called s3 ls"] * 2, "")


def test_a_missing_command_line_is_a_missing_command(plain: StackSettings, tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()

    done = _run("/bin/sh", plain, "PATH=$EMPTY; aws s3 ls || echo $?", {"EMPTY": str(tmp_path)})

    assert done.stdout == "127\n"


@pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=SHELLS[-1].marks)])
def test_an_alias_that_leads_elsewhere_is_not_used(
    plain: StackSettings, tmp_path: Path, shell: str
) -> None:
    programs = _aws_command(tmp_path, "aws-cli/2.27.1")
    script = tmp_path / "script"
    aliases = "shopt -s expand_aliases" if shell == "bash" else "setopt aliases"
    script.write_text(
        f"{aliases}\nalias aws='aws --profile production'\n"
        f". '{plain.environment_file}'\naws s3 ls\n"
    )

    done = subprocess.run(
        [shell, str(script)],
        env={"PATH": f"{programs}:{PATH}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "called s3 ls\n"


def test_the_file_is_for_its_owner_only(plain: StackSettings) -> None:
    assert stat.S_IMODE(plain.environment_file.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_replaced(plain: StackSettings) -> None:
    plain.environment_file.chmod(0o644)

    write_environment_file(plain)

    assert stat.S_IMODE(plain.environment_file.stat().st_mode) == 0o600


def test_nothing_of_the_developers_aws_configuration_reaches_a_part(tmp_path: Path) -> None:
    inherited = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "BOTO_CONFIG": "/home/me/.boto",
        "HOME": "/home/me",
    }

    variables = child_variables(_started(tmp_path), inherited)

    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "BOTO_CONFIG"} & variables.keys()
    assert variables["AWS_CONFIG_FILE"] == "/dev/null"
    assert variables["HOME"] == "/home/me"


def _started(directory: Path) -> StackSettings:
    settings = StackSettings(directory, 4566, 4567)
    root_user.issue(settings)
    return settings


def _names(variables: Iterable[object]) -> Iterator[str]:
    for variable in variables:
        each = variable if isinstance(variable, list) else [variable]
        yield from (name for name in each if isinstance(name, str))


def _aws_command(directory: Path, version: str) -> Path:
    """A directory with an `aws` that knows its version and repeats its arguments."""
    program = directory / "programs" / "aws"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" || echo called "$@"\n')
    program.chmod(0o755)
    return program.parent


def _variables_after_source(
    settings: StackSettings, had: Mapping[str, str], shell: str = "/bin/sh"
) -> dict[str, str]:
    printed = _run(shell, settings, "env -0", had).stdout
    return dict(each.split("=", 1) for each in printed.split("\0") if each)


def _run(
    shell: str, settings: StackSettings, command: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which(shell) or shell, "-eu", "-c", f'. "$FILE"; {command}'],
        env={"PATH": PATH, **environment, "FILE": str(settings.environment_file)},
        capture_output=True,
        text=True,
        check=True,
    )


def _in_a_shell(settings: StackSettings, command: str, environment: dict[str, str]) -> str:
    return _run("/bin/sh", settings, command, environment).stdout

"""Where one local stack keeps its files and on which ports it listens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.errors import LocalStackError

REPOSITORY = Path(__file__).resolve().parents[2]

STACK_NAME = "relay"
REGION = "us-east-1"

_DEFAULT_DIRECTORY = REPOSITORY / ".local"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """A second stack runs beside the first when both the directory and the ports differ."""

    directory: Path
    aws_port: int
    sagemaker_port: int
    parameters: tuple[tuple[str, str], ...] = ()  # of the template, where not its defaults

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads RELAY_LOCAL_DIR (`.local` in the repository), RELAY_AWS_PORT (4566),
        RELAY_SAGEMAKER_PORT (4567) and RELAY_PARAMETERS, a JSON object (none)."""
        directory = environment.get("RELAY_LOCAL_DIR")
        return cls(
            directory=Path(directory).absolute() if directory else _DEFAULT_DIRECTORY,
            aws_port=_port(environment, "RELAY_AWS_PORT", 4566),
            sagemaker_port=_port(environment, "RELAY_SAGEMAKER_PORT", 4567),
            parameters=_parameters(environment.get("RELAY_PARAMETERS") or "{}"),
        )

    @property
    def aws_url(self) -> str:
        return f"https://127.0.0.1:{self.aws_port}"

    @property
    def sagemaker_url(self) -> str:
        return f"http://127.0.0.1:{self.sagemaker_port}"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def tls(self) -> Path:
        return self.directory / "tls"

    @property
    def temporary(self) -> Path:
        return self.directory / "tmp"

    @property
    def records(self) -> Path:
        return self.directory / "processes"

    @property
    def root_user_file(self) -> Path:
        return self.directory / "root.json"

    @property
    def environment_file(self) -> Path:
        return self.directory / "env"

    @property
    def sam_directory(self) -> Path:
        """SAM's own `.aws-sam` for the default stack; any other builds in its own directory."""
        if self.directory == _DEFAULT_DIRECTORY:
            return REPOSITORY / ".aws-sam"
        return self.directory / ".aws-sam"


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalStackError(f"{name} must be a port from 1 to 65535, not {text!r}")
    return int(text)


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise LocalStackError(f"RELAY_PARAMETERS is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise LocalStackError(f"RELAY_PARAMETERS must be a JSON object of texts, not {text}")
    return tuple(found.items())

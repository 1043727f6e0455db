"""The SAM CLI, as on a command line, without configuration files."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]

_CONFIGURATION = "version = 0.1\n"
_PROCESSORS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def machine_parameters() -> dict[str, str]:
    """The template's parameters for functions that are built without a container, here."""
    return {
        "PythonRuntime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "Architecture": _PROCESSORS.get(platform.machine().lower(), "x86_64"),
    }


@dataclass(frozen=True, slots=True)
class Sam:
    """Runs in a directory of its own. `options` are for AWS: region, profile."""

    directory: Path
    environment: Mapping[str, str]
    options: tuple[str, ...]

    @property
    def process_file(self) -> Path:
        """The id of the running process, for the guard that ends it."""
        return self.directory / "sam.pid"

    def build(self, seconds: float, template: Path = REPOSITORY / "template.yaml") -> Path:
        """Returns the built template."""
        build = self.directory / "build"
        self._run(
            "build",
            *("--template-file", str(template)),
            *("--build-dir", str(build), "--cached"),
            *("--cache-dir", str(self.directory.parent / "cache"), "--parallel"),
            *("--parameter-overrides", *overrides(machine_parameters())),
            seconds=seconds,
        )
        return build / "template.yaml"

    def deploy(
        self,
        template: Path,
        stack_name: str,
        bucket: str,
        parameters: Mapping[str, str],
        seconds: float,
    ) -> None:
        """`bucket` takes the code. Raises RuntimeError with what was said when it fails."""
        self._run(
            "deploy",
            *("--template-file", str(template), "--stack-name", stack_name),
            *("--s3-bucket", bucket, "--s3-prefix", stack_name),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--parameter-overrides", *overrides({**machine_parameters(), **parameters})),
            seconds=seconds,
        )

    def _run(self, command: str, *arguments: str, seconds: float) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "samconfig.toml"
        configuration.write_text(_CONFIGURATION)
        log = self.directory / f"sam-{command}.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "samcli", command),
                    *("--config-file", str(configuration), *self.options, *arguments),
                ],
                cwd=self.directory,
                # The SAM CLI leaves empty folders where temporary files are.
                env={**self.environment, "TMPDIR": str(self.directory), "SAM_CLI_TELEMETRY": "0"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as sam,
        ):
            self.process_file.write_text(str(sam.pid))
            try:
                code = sam.wait(seconds)
            except BaseException:
                sam.terminate()
                raise
            finally:
                self.process_file.unlink()
        if code:
            raise RuntimeError(f"sam {command} failed:\n{_end_of(log)}")


def overrides(parameters: Mapping[str, str]) -> list[str]:
    """As `--parameter-overrides` reads them."""
    return ['{}="{}"'.format(name, value.replace('"', '\\"')) for name, value in parameters.items()]


def inherited(profile: str | None) -> dict[str, str]:
    """This process's environment, in which a profile wins over credentials in variables."""
    environment = dict(os.environ)
    if profile:
        environment["AWS_PROFILE"] = profile
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.pop(name, None)
    return environment


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-60:])

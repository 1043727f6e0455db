"""What a function finds around it in Lambda: interpreter, import path, environment."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_DISTRIBUTION = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Function:
    """What runs. `environment` holds the function's own variables, the SDK's and credentials."""

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    environment: Mapping[str, str]
    memory_megabytes: int
    timeout_seconds: int
    log_format: str = "Text"
    log_group: str = ""


def python() -> str:
    """The interpreter under the virtual environment: it has only the standard library."""
    return str(getattr(sys, "_base_executable", sys.executable))


def link_runtime_client(directory: Path) -> None:
    """Fills a directory with awslambdaric and what it needs, as in Lambda's own runtimes."""
    directory.mkdir(parents=True)
    needed = (_DISTRIBUTION.match(line) for line in metadata.requires("awslambdaric") or ())
    for name in ("awslambdaric", *(match[0] for match in needed if match)):
        distribution = metadata.distribution(name)
        for entry in {Path(str(file)).parts[0] for file in distribution.files or ()}:
            if entry not in ("..", "__pycache__") and not entry.endswith(".dist-info"):
                (directory / entry).symlink_to(Path(str(distribution.locate_file(entry))))


def variables(function: Function, runtime: Path) -> dict[str, str]:
    """The environment in which Lambda would start the function, and nothing of this process's."""
    region = function.environment.get("AWS_REGION", "us-east-1")
    lambdas_own = {
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_seconds),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group or f"/aws/lambda/{function.name}",
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "LAMBDA_TASK_ROOT": str(function.code),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(map(str, (function.code, *function.layers, runtime))),
        # Lambda's file system is read-only: what was built is not changed by running it.
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    return {**function.environment, **lambdas_own}

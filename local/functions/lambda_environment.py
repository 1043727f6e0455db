"""What a function finds around it in Lambda: interpreter, import path, environment."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

# Lambda's names beside those of Python's logging.
_LEVELS = {
    level: rank
    for rank, levels in enumerate(
        (("TRACE",), ("DEBUG",), ("INFO",), ("WARN", "WARNING"), ("ERROR",), ("FATAL", "CRITICAL"))
    )
    for level in levels
}

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
    application_log_level: str = ""
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


def logging_variables(log_format: str, application_log_level: str) -> dict[str, str]:
    """What a function reads of its LoggingConfig in Lambda.

    Logs in JSON have a level, INFO unless the configuration states one; plain text has none.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    """
    variables = {"AWS_LAMBDA_LOG_FORMAT": log_format}
    if log_format == "JSON":
        variables["AWS_LAMBDA_LOG_LEVEL"] = application_log_level or "INFO"
    return variables


def passes(line: str, application_log_level: str) -> bool:
    """Whether Lambda sends a line of a function that logs in JSON on to CloudWatch.

    Whatever states no level that Lambda knows counts as INFO: plain text, and metrics (EMF).
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    stated = str(record.get("level", "")).upper() if isinstance(record, dict) else ""
    return _LEVELS.get(stated, _LEVELS["INFO"]) >= _LEVELS[application_log_level or "INFO"]


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
        **logging_variables(function.log_format, function.application_log_level),
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

"""What the figures were measured on: without it, they say nothing."""

import os
import platform
from importlib import metadata
from pathlib import Path


def describe() -> dict[str, object]:
    """The machine and the versions of what was measured."""
    packages = (
        "boto3",
        "botocore",
        "aws-lambda-powertools",
        "aws-xray-sdk",
        "pydantic",
        "ministack",
    )
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gigabytes": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1_000_000_000
        ),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages},
    }


def load() -> list[float]:
    """Processes that wanted a processor, on average of 1, 5 and 15 minutes."""
    return [round(number, 2) for number in os.getloadavg()]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()

"""Builds the layer: `python build_layer.py DIRECTORY PYTHON…`, called by the Makefile beside it.

What the layer holds decides how long a cold start takes, so there is more to it than `pip install`:

- byte code, made by each of the given Pythons: a function's files are read-only, and an environment
  that finds none compiles everything it imports, every time;
- of botocore's data only what describes the services that the relay calls, unpacked and without the
  documentation in it: every client that is made has to read its own.

Needs Python 3.11 or newer with pip, and nothing else. docs/decisions/0016 has the measurements.
"""

import ast
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent


def services() -> list[str]:
    """Return the services for which the relay makes clients, in alphabetical order."""
    tree = ast.parse((SOURCE / "relay" / "aws" / "clients.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(ast.literal_eval(call.args[0]) for call in calls if _makes_client(call))


def _makes_client(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "client"


SERVICES = services()

_DOCUMENTATION = ("documentation", "documentationUrl")
# Below these, keys are names that AWS gave to its things, and one may be "documentation".
_NAMES = ("members", "operations", "shapes")
# Of these botocore itself wants the documentation: S3's first call fails without it.
_READ_BY_BOTOCORE = "clientContextParams"

# Compiled as for the place where Lambda puts a layer: reproducible, wherever it is built.
_COMPILE = """
import compileall, sys
from py_compile import PycInvalidationMode
done = compileall.compile_dir(
    sys.argv[1], quiet=1, force=True, stripdir=sys.argv[1], prependdir="/opt/python",
    invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
)
print("%d.%d" % sys.version_info[:2])
sys.exit(not done)
"""


def main(directory: Path, pythons: Sequence[str]) -> None:
    """Fill an empty directory with what goes onto the import path in Lambda."""
    install(directory, with_pip(pythons))
    lighten(directory / "botocore" / "data")
    versions = [compile_all(directory, python) for python in pythons]
    print(
        f"The layer has byte code for Python {', '.join(versions)}. Functions on another version "
        "work, but compile at every cold start, which more than doubles it."
    )


def with_pip(pythons: Sequence[str]) -> str:
    """Return the first Python that has pip. All of them install the same."""
    for python in pythons:
        if not subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode:
            return python
    sys.exit(f"The layer is built with pip, and none of {', '.join(pythons)} has it.")


def install(directory: Path, python: str) -> None:
    """Install the pinned requirements and the relay package, without byte code."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    how = ["--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    where = ["--target", str(directory), "--requirement", str(SOURCE / "requirements.txt")]
    subprocess.run([*command, *how, *where], check=True)
    shutil.rmtree(directory / "bin", ignore_errors=True)  # commands, not needed in Lambda
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE / "relay", directory / "relay", ignore=without)


def lighten(data: Path) -> None:
    """Keep of botocore's data what a client of one of the services reads."""
    for directory in data.iterdir():
        if directory.is_dir() and directory.name not in SERVICES:
            shutil.rmtree(directory)
    prefixes = set()
    for file in sorted(data.glob("*/*/*.json*")):
        if file.name.startswith("examples-"):
            file.unlink()
            continue
        content = _unpacked(file)
        if file.name.startswith("service-2.json"):
            content = without_documentation(content)
            prefixes.add(content["metadata"]["endpointPrefix"])
        _write(file.with_name(file.name.removesuffix(".gz")), content)
    endpoints = data / "endpoints.json"
    _write(endpoints, only_endpoints(_unpacked(endpoints), prefixes))


def without_documentation(model: dict[str, Any]) -> dict[str, Any]:
    """Return the service model without documentation, which is four fifths of it."""

    def kept(value: Any, names: bool) -> Any:
        if isinstance(value, dict):
            return {
                key: inner if key == _READ_BY_BOTOCORE else kept(inner, key in _NAMES)
                for key, inner in value.items()
                if names or key not in _DOCUMENTATION
            }
        return [kept(each, False) for each in value] if isinstance(value, list) else value

    light: dict[str, Any] = kept(model, False)
    return light


def only_endpoints(endpoints: dict[str, Any], prefixes: set[str]) -> dict[str, Any]:
    """Return all partitions and regions, and of the services those with one of the prefixes."""
    partitions = [
        {
            **partition,
            "services": {
                name: service for name, service in partition["services"].items() if name in prefixes
            },
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def compile_all(directory: Path, python: str) -> str:
    """Add the byte code of one Python, and return its version.

    It is tied to its source by a hash, since packing changes times, and the hash is not checked
    when it is loaded: source and byte code are deployed together and never change afterwards.
    """
    done = subprocess.run(
        [python, "-c", _COMPILE, str(directory)],
        env={**os.environ, "PYTHONHASHSEED": "0"},  # sets are written in the order of their hashes
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.split()[-1]


def _unpacked(file: Path) -> dict[str, Any]:
    """Read a file, and remove it where its content belongs into an unpacked one."""
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
        file.unlink()
    document: dict[str, Any] = json.loads(content)
    return document


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

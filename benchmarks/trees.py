"""Import paths of the three kinds: what each would find in Lambda."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from local.functions.lambda_environment import python
from local.stack.settings import REPOSITORY

KINDS = ("relay", "bare", "usual")
# The relay's calls without the relay, of route: what botocore alone takes for them.
CALLS_ALONE = "calls"

_FUNCTIONS = REPOSITORY / "benchmarks" / "functions"
_NAME = re.compile(r"[A-Za-z0-9._-]+")

# Of what is pinned for this project; the SDK is the relay's own in all three.
_SDK = ("boto3",)
_USUAL = ("boto3", "aws-lambda-powertools", "aws-xray-sdk", "pydantic", "annotated-types")


def handler_file(kind: str, function: str) -> Path:
    """Where the handler of a function is; what else it imports is its layer's."""
    if kind == "relay":
        return REPOSITORY / "functions" / function / "app.py"
    return _FUNCTIONS / f"{kind}_{function}.py"


@dataclass(frozen=True, slots=True)
class Tree:
    """Where a function's code is, and what lies beside it."""

    code: Path
    module: str
    layer: Path

    @property
    def path(self) -> str:
        return os.pathsep.join((str(self.code), str(self.layer)))


@dataclass(frozen=True, slots=True)
class Trees:
    """All of them, under one directory."""

    directory: Path

    def tree(self, kind: str, function: str) -> Tree:
        code = handler_file(kind, function)
        relays = kind in ("relay", CALLS_ALONE)
        layer = self.directory / ("relay/python" if relays else kind)
        return Tree(code.parent, code.stem, layer)

    def build(self) -> None:
        """Builds the relay's layer as `sam build` does, and the others as everybody's would be.

        All of them with byte code, so that none wins by the build alone.
        """
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        subprocess.run(
            ["make", "--silent", "build-RelayLayer"],
            cwd=REPOSITORY / "layers" / "relay",
            env={
                **os.environ,
                "ARTIFACTS_DIR": str(self.directory / "relay"),
                "RUNTIMES": python(),
            },
            stdout=subprocess.DEVNULL,
            check=True,
        )
        for name, wanted in (("bare", _SDK), ("usual", _USUAL)):
            _copy(wanted, self.directory / name)
            # As `sam build` leaves it: without byte code.
            shutil.copytree(self.directory / name, self.directory / f"{name}-as-built")
            compile_all = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
            subprocess.run([python(), *compile_all, self.directory / name], check=True)


def _copy(wanted: tuple[str, ...], directory: Path) -> None:
    """Copies installed distributions and what they need."""
    directory.mkdir()
    names, left = set(), list(wanted)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in names:
            continue
        names.add(name)
        distribution = metadata.distribution(name)
        needed = [each for each in distribution.requires or () if "extra ==" not in each]
        left += [match[0] for each in needed if (match := _NAME.match(each))]
        for top in {Path(str(file)).parts[0] for file in distribution.files or ()}:
            source = Path(str(distribution.locate_file(top)))
            if top in ("..", "__pycache__") or top.endswith(".dist-info"):
                continue
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, directory / top, ignore=ignore, dirs_exist_ok=True)
            else:
                shutil.copy(source, directory / top)

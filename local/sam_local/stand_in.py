"""`python -m local.sam_local.stand_in`: an image that stands in for AWS's own where no registry
can be reached.

It holds this machine's Python with its standard library, the shared libraries they need, the few
tools that `sam` runs while it builds on an image, and AWS's runtime client for Python. Nothing is
downloaded. The paths and variables are those of AWS's base images.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from local.errors import LocalStackError
from local.functions.lambda_environment import link_runtime_client, python
from local.machine import interruption
from local.machine.interruption import Interrupted
from local.sam_local import docker

_TOOLS = ("sh", "mv", "chmod", "cp", "rm", "mkdir", "env")

# Not needed by any function, and large, or in need of libraries that few machines have.
_LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|site-packages|dist-packages|test|tests|idlelib|tkinter|turtledemo|ensurepip"
    r"|config-[^/]*|lib2to3|_tkinter[^/]*|_test[^/]*|_xxtest[^/]*|_ctypes_test[^/]*)(/|$)|\.a$"
)
_LIBRARY = re.compile(r"(?:=>\s+)?(/\S+)\s+\(0x")

_RUNTIME = "/var/runtime"

# A wrapper script gets the runtime's command line, as in Lambda's own runtimes:
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
_BOOTSTRAP = f"""#!/bin/sh
export PYTHONPATH="$LAMBDA_TASK_ROOT:/opt/python:{_RUNTIME}"
exec $AWS_LAMBDA_EXEC_WRAPPER /usr/bin/python3 -s -P -m awslambdaric "$_HANDLER"
"""

_CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=en_US.UTF-8 TZ=:/etc/localtime "
    f"LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR={_RUNTIME}",
    "WORKDIR /var/task",
)


def name() -> str:
    """The image that is made on this machine: one for each version of Python."""
    return f"relay-lambda-stand-in:python{sys.version_info[0]}.{sys.version_info[1]}"


def main() -> int:
    interruption.install()
    try:
        docker.check()
        print(build())
    except LocalStackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print(f"ended by {interrupted}", file=sys.stderr)
        return interrupted.exit_code
    return 0


def build() -> str:
    """Makes the image and returns its name; one that exists is replaced.

    Raises:
        LocalStackError: this machine's own programs do not run in a container, or Docker failed.
    """
    if sys.platform != "linux":
        raise LocalStackError(
            f"the stand-in is made of a Linux machine's own Python, and this is {sys.platform}: "
            "use AWS's image, which Docker pulls when no IMAGE is given"
        )
    changes = [part for change in _CHANGES for part in ("--change", change)]
    with tempfile.TemporaryDirectory(prefix="stand-in-") as directory:
        runtime = Path(directory) / "runtime"
        link_runtime_client(runtime)
        docker.run("import", *changes, "-", name(), given=_archive(runtime))
    return name()


def _archive(runtime: Path) -> bytes:
    interpreter = Path(python()).resolve()
    library = Path(os.__file__).resolve().parent
    tools = [Path(found).resolve() for tool in _TOOLS if (found := shutil.which(tool))]
    files = {str(path): path for path in (interpreter, *_files(library))}
    files |= {f"/bin/{tool}": path for tool, path in zip(_TOOLS, tools, strict=True)}
    files |= {f"{_RUNTIME}/{path.relative_to(runtime)}": path for path in _files(runtime)}
    programs = [path for path in files.values() if path.suffix == ".so" or path in tools]
    files |= {str(path): path for path in _libraries([interpreter, *programs])}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", dereference=True) as archive:
        for at, path in sorted(files.items()):
            archive.add(path, at, recursive=False)
        _link(archive, "/usr/bin/python3", str(interpreter))
        _text(archive, f"{_RUNTIME}/bootstrap", _BOOTSTRAP, 0o755)
        _text(archive, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644)
        for directory, mode in (("/tmp", 0o1777), ("/var/task", 0o755), ("/opt", 0o755)):  # noqa: S108
            _directory(archive, directory, mode)
    return written.getvalue()


def _files(directory: Path) -> Iterator[Path]:
    """Every file below a directory, through links, without what no function needs."""
    for found, directories, names in os.walk(directory, followlinks=True):
        inside = [str(Path(found, each).relative_to(directory)) for each in directories]
        directories[:] = [Path(each).name for each in inside if not _LEFT_OUT.search(each)]
        paths = (Path(found, each) for each in names)
        yield from (path for path in paths if not _LEFT_OUT.search(path.name) and path.is_file())


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that the programs load, with the loader itself."""
    listing = subprocess.run(
        ["ldd", *map(str, programs)],  # noqa: S607 - wherever the machine has it
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return {Path(path) for path in _LIBRARY.findall(listing)}


def _link(archive: tarfile.TarFile, at: str, target: str) -> None:
    entry = tarfile.TarInfo(at)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


def _text(archive: tarfile.TarFile, at: str, text: str, mode: int) -> None:
    entry = tarfile.TarInfo(at)
    entry.size, entry.mode = len(text.encode()), mode
    archive.addfile(entry, io.BytesIO(text.encode()))


def _directory(archive: tarfile.TarFile, at: str, mode: int) -> None:
    entry = tarfile.TarInfo(at)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


if __name__ == "__main__":
    sys.exit(main())

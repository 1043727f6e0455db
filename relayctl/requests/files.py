"""Which files are uploaded, under which keys, and what makes one of them no input."""

import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from relay.inputs.defaults import read_defaults
from relay.inputs.inputs import Inputs
from relay.model import InferenceRequest
from relay.s3uri import S3Uri
from relay.submit.limits import problems

from relayctl.deployment import Deployment
from relayctl.errors import Misused
from relayctl.requests.search import input_bucket, input_prefixes

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file, where it is uploaded to, its size in bytes, and the content type of the object."""

    path: Path
    location: S3Uri
    size: int
    content_type: str


def inputs_of(deployment: Deployment) -> Inputs:
    """Return the folders under which an object is a request, with the defaults of each prefix."""
    bucket = input_bucket(deployment)
    prefixes = input_prefixes(deployment)
    # A deployment with a document that cannot be read fails.
    defaults, _ = read_defaults(deployment.parameters.get("InputDefaults") or "{}", prefixes)
    return Inputs(tuple(S3Uri(bucket, each) for each in prefixes), defaults)


def input_files(
    names: Sequence[str], folder: S3Uri, inputs: Inputs, content_type: str | None
) -> list[InputFile]:
    """Return the files that arguments name: files, directories with all below them, and patterns.

    A file keeps its name; a file of a directory keeps its path below the directory.

    Args:
        names: the arguments, each at least one file.
        folder: where to upload.
        inputs: where objects are requests.
        content_type: of the objects; None to guess it from the names.

    Raises:
        Misused: an argument names no file, two files have the same key, or the relay would reject a
            file. Names every problem that is found.
    """
    found: dict[str, Path] = {}
    files: list[InputFile] = []
    wrong: list[str] = []
    for path, name in (each for argument in names for each in _paths(argument)):
        key = f"{folder.key}{name}"
        other = found.setdefault(key, path)
        if other is not path:
            if not other.samefile(path):
                text = "both become {key}: submit them with another --prefix each"
                wrong.append(f"{other} and {path} {text.format(key=key)}")
            continue
        try:
            location = S3Uri(folder.bucket, key)
        except ValueError as error:
            wrong.append(f"{path}: {error}")
            continue
        guessed = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        file = InputFile(path, location, path.stat().st_size, guessed)
        wrong += [f"{path}: {text}" for text in _problems(file, inputs)]
        files.append(file)
    if wrong:
        more = len(wrong) - _SHOWN_PROBLEMS
        rest = [f"and {more:,} more"] if more > 0 else []
        raise Misused("; ".join([*wrong[:_SHOWN_PROBLEMS], *rest]) + "; nothing was uploaded")
    return files


def _paths(argument: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of an argument, each with its name below the prefix. Raises Misused."""
    path = Path(argument)
    if path.is_dir():
        files = _below(path)
        if not files:
            raise Misused(f"{argument} has no file; hidden files are left out")
        yield from ((each, each.relative_to(path).as_posix()) for each in files)
    elif path.exists():
        if not path.is_file():
            raise Misused(f"{argument} is neither a file nor a directory; write it to a file first")
        yield path, path.name
    elif has_magic(argument):
        # `Path.glob` takes no absolute pattern.
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207
        matching = [each for each in map(Path, names) if each.is_file()]
        if not matching:
            raise Misused(f"{argument} matches no file")
        yield from ((each, each.name) for each in matching)
    else:
        raise Misused(f"{argument} does not exist")


def _below(directory: Path) -> list[Path]:
    """Return the files of a directory, without hidden ones, such as those of a desktop."""
    return sorted(
        each
        for each in directory.rglob("*")
        if each.is_file()
        and not any(part.startswith(".") for part in each.relative_to(directory).parts)
    )


def _problems(file: InputFile, inputs: Inputs) -> Iterator[str]:
    if not file.size:
        yield "file is empty: there is nothing to infer"
    request = InferenceRequest("", location=file.location, size=file.size)
    yield from problems(request, inputs)

"""The application for the AWS Serverless Application Repository: built, with relative paths.

`sam package` uploads it, and `sam publish` publishes it; `sam deploy` deploys it without a build.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications.html
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from release import metadata
from release.archives import write_zip
from release.readme import absolute

# Beside the template, under the names that the metadata has.
_PAGES = ("LICENSE", "NOTICE")


@dataclass(frozen=True, slots=True)
class Application:
    """What the publisher decides. Without `source_url` the application names no repository."""

    version: str
    author: str
    source_url: str | None


def build(source: Path, archive: Path, application: Application, time: int) -> None:
    """Build the sources, and write the template and what it names into a zip file.

    Raises:
        ValueError: the metadata is not what the repository accepts.
    """
    described = metadata.of(application.version, application.author, application.source_url)
    wrong = metadata.problems(described)
    if wrong:
        raise ValueError("; ".join(wrong))
    built = _sam_build(source)
    template = _document(built / "template.yaml")
    template["Metadata"] = {metadata.KEY: described, **template["Metadata"]}
    text = yaml.safe_dump(template, sort_keys=False, width=100, allow_unicode=True)
    readme = absolute(
        (source / "README.md").read_text(), application.source_url, described["SemanticVersion"]
    )
    pages = {name: (source / name).read_bytes() for name in _PAGES}
    files = {"template.yaml": text.encode(), "README.md": readme.encode(), **pages}
    write_zip(archive, [*files.items(), *_artifacts(built)], time)


def _sam_build(source: Path) -> Path:
    """Return where `sam build` put the functions and the layer. They contain no other build."""
    directory = source / ".aws-sam" / "build"
    runtime = "python{}.{}".format(*sys.version_info[:2])
    sam = str(Path(sys.executable).with_name("sam"))
    built = ("--build-dir", str(directory), "--parameter-overrides", f"PythonRuntime={runtime}")
    done = subprocess.run(
        [sam, "build", *built],
        cwd=source,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"sam build failed:\n{done.stdout}")
    return directory


def _document(template: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(template.read_text())
    return document


def _artifacts(built: Path) -> Iterator[tuple[str, bytes]]:
    for file in built.rglob("*"):
        if file.is_file() and file.parent != built:
            yield file.relative_to(built).as_posix(), file.read_bytes()

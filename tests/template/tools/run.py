"""Runs the independent tools over the templates. None of them uses the network.

Each starts in an empty home directory, so that no configuration or token of the user changes what
it finds.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.stack.settings import REPOSITORY
from tests.template.tools.findings import Finding

# Beside the environment that this runs in; the Makefile makes it.
CHECKOV = Path(sys.prefix) / "template" / "bin" / "checkov"

# One region of each partition that the template is made for, and both of China.
REGIONS = ("us-east-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1")


def cfn_lint(templates: Sequence[str | Path], home: Path) -> list[Finding]:
    """Lint templates as they are written, with the informational rules.

    `--mandatory-checks` keeps a template from switching a rule off by its metadata.
    """
    program = Path(sys.prefix) / "bin" / "cfn-lint"
    rules = ("--include-checks", "I", "--mandatory-checks", "E", "W", "I")
    done = _run(
        [program, "--format", "json", *rules, "--regions", *REGIONS, "--", *templates], home
    )
    return [_linted(match) for match in _json(done)]


def checkov(templates: Mapping[Path, str], home: Path) -> list[Finding]:
    """Check templates in the form of `plain`, which maps the files to the templates' names."""
    if not CHECKOV.exists():
        raise AssertionError(f"{CHECKOV} is missing; `make template` installs it")
    files = [argument for file in templates for argument in ("--file", file)]
    done = _run(
        # By its own interpreter: the path in the script is that of the environment before a move.
        [
            CHECKOV.with_name("python"),
            CHECKOV,
            "--framework",
            "cloudformation",
            "--skip-download",
            "--output",
            "json",
            *files,
        ],
        home,
    )
    report = _json(done)
    if report["results"].get("parsing_errors"):
        raise AssertionError(f"checkov cannot read {report['results']['parsing_errors']}")
    return list(_checked(report, templates))


def _linted(match: Mapping[str, Any]) -> Finding:
    path = [str(each) for each in match["Location"]["Path"] or []]
    return Finding(
        tool="cfn-lint",
        rule=match["Rule"]["Id"],
        template=match["Filename"],
        resource=path[1]
        if path[:1] == ["Resources"] and path[1:]
        else "/".join(path) or "template",
        message=f"line {match['Location']['Start']['LineNumber']}: {match['Message']}",
    )


def _checked(report: Mapping[str, Any], templates: Mapping[Path, str]) -> Iterator[Finding]:
    names = {file.name: name for file, name in templates.items()}
    results = report["results"]
    # What a comment in the template skips is a finding all the same: there is one file for those.
    for check in (*results["failed_checks"], *results["skipped_checks"]):
        yield Finding(
            tool="checkov",
            rule=check["check_id"],
            template=names[Path(check["file_path"]).name],
            resource=check["resource"].rpartition(".")[2],
            message=check["check_name"],
        )


def _run(command: Sequence[str | Path], home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def _json(done: "subprocess.CompletedProcess[str]") -> Any:
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise AssertionError(f"{done.args[0]} failed: {done.stderr or done.stdout}") from None
